import { useState } from "preact/hooks";

import { t } from "../../i18n";
import { widgetImage } from "../../parts/images";
import { useScheme, useSurroundings } from "../context";
import { style } from "../css";
import { choice, classes, text } from "../fields";
import { background, blockStyle } from "../layout";

import type { NodeProps } from "./props";

const POSITIONS = [
  "top left",
  "top",
  "top right",
  "left",
  "center",
  "right",
  "bottom left",
  "bottom",
  "bottom right",
] as const;

/** A picture; in the place of one that may not or can't be loaded, what it shows. */
export function Image({ node }: NodeProps) {
  const { images } = useSurroundings();
  const scheme = useScheme();
  const [failed, setFailed] = useState<string | null>(null);
  const src = widgetImage(node["src"], images);
  const alt = text(node["alt"]);
  if (!src || failed === src) return <span class="w-no-image">{alt || t("image.blocked")}</span>;
  return (
    <img
      class={classes(
        "w-image",
        node["frame"] === true && "w-frame",
        node["flush"] === true && "w-flush",
      )}
      src={src}
      alt={alt}
      loading="lazy"
      referrerpolicy="no-referrer"
      onError={() => setFailed(src)}
      style={{
        ...blockStyle(node),
        ...background(node, scheme),
        ...style({
          objectFit: choice(node["fit"], ["cover", "contain", "fill", "scale-down", "none"]),
          objectPosition: choice(node["position"], POSITIONS),
        }),
      }}
    />
  );
}
