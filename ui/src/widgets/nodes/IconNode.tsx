import { Icon } from "../../parts/icons/Icon";
import { color, TEXT_COLORS } from "../colors";
import { useScheme } from "../context";
import { style } from "../css";
import { choice, text } from "../fields";

import type { NodeProps } from "./props";

const PIXELS = { xs: 12, sm: 14, md: 16, lg: 20, xl: 24, "2xl": 28, "3xl": 32 } as const;
const SIZES = ["xs", "sm", "md", "lg", "xl", "2xl", "3xl"] as const;

/** An icon by its name. */
export function IconNode({ node }: NodeProps) {
  const scheme = useScheme();
  return (
    <span class="w-icon" style={style({ color: color(node["color"], TEXT_COLORS, scheme) })}>
      <Icon name={text(node["name"])} size={PIXELS[choice(node["size"], SIZES, "md")]} />
    </span>
  );
}
