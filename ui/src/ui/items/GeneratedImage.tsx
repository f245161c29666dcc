import { formatPercent, t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import { serverImage } from "../../parts/images";
import type { ImageItem } from "../../state";

/** An image that the assistant made, or how far it is with it. */
export function GeneratedImage({ item }: { item: ImageItem }) {
  const url = item.image ? serverImage(item.image.url) : null;
  const making = item.stage === "open";
  if (!url && !making) return <p class="work-line">{t("image.blocked")}</p>;
  return (
    <figure class="generated">
      {url && <Made url={url} />}
      {making && <Making progress={item.progress} covered={url !== null} />}
    </figure>
  );
}

function Made({ url }: { url: string }) {
  const image = <img src={url} alt={t("generated.alt")} referrerpolicy="no-referrer" />;
  if (/^data:/i.test(url)) return image; // no browser opens it in a tab
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" aria-label={t("generated.open")}>
      {image}
    </a>
  );
}

function Making({ progress, covered }: { progress: number | null; covered: boolean }) {
  return (
    <div
      class={`making ${covered ? "covered" : ""}`}
      role="progressbar"
      aria-label={t("generated.making")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={progress === null ? undefined : Math.round(progress * 100)}
    >
      <span class={covered ? "" : "shimmer"}>
        {!covered && <Icon name="square-image" size={18} />}
        {t("generated.making")}
      </span>
      {progress !== null && <span class="percent">{formatPercent(progress)}</span>}
      <span class="bar" style={{ width: `${(progress ?? 0) * 100}%` }} />
    </div>
  );
}
