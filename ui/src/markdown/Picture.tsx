import { useState } from "preact/hooks";

import { t } from "../i18n";
import { Icon } from "../parts/icons/Icon";
import { type ImageRules, textImage } from "../parts/images";
import { parseAddress } from "../parts/links";

interface Props {
  href: string;
  alt: string;
  title: string | undefined;
  /** Within a link, where no other may stand. */
  isInLink: boolean;
  images: ImageRules;
}

/** An image of a text; where it may not or can't be loaded, a link to it. */
export function Picture({ href, alt, title, isInLink, images }: Props) {
  const [failed, setFailed] = useState<string | null>(null);
  const src = textImage(href, images);
  if (!src || src === failed) {
    return isInLink ? alt || t("image.blocked") : <ImageLink href={href} alt={alt} />;
  }
  return (
    <img
      src={src}
      alt={alt}
      title={title}
      loading="lazy"
      referrerpolicy="no-referrer"
      onError={() => setFailed(src)}
    />
  );
}

/** Says what there is to see, and whose it is: no one is asked for it until a person opens it. */
function ImageLink({ href, alt }: { href: string; alt: string }) {
  const url = parseAddress(href);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (!isWeb) return alt || t("image.blocked");
  return (
    <a
      class="image-link"
      href={url.href}
      target="_blank"
      rel="noopener noreferrer"
      title={t("image.blocked")}
    >
      <Icon name="square-image" size={16} /> <span class={alt ? "sr" : ""}>{t("image.show")} </span>
      {alt && <bdi>{alt} </bdi>}
      <bdi class="image-host">{url.host}</bdi>
    </a>
  );
}
