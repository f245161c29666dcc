import { color, TEXT_COLORS } from "../colors";
import { useScheme } from "../context";
import { type Style, style } from "../css";
import { choice, classes, count, type Fields, text } from "../fields";
import { length } from "../layout";

import type { NodeProps } from "./props";

const WEIGHTS = ["normal", "medium", "semibold", "bold"] as const;
const TEXT_SIZES = ["xs", "sm", "md", "lg", "xl"] as const;
const TITLE_SIZES = ["sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "5xl"] as const;

/** A text as it is. */
export function Text({ node }: NodeProps) {
  const lines = count(node["minLines"]);
  const more = style({
    width: length("width", node["width"]),
    minHeight: lines ? `${lines * LINE_HEIGHT_EM}em` : undefined,
  });
  const name = classes(
    `w-text-${choice(node["size"], TEXT_SIZES, "md")}`,
    node["italic"] === true && "w-italic",
    node["lineThrough"] === true && "w-struck",
  );
  return <p {...useType(node, name, more)}>{text(node["value"])}</p>;
}

/** A heading, below those of messages. */
export function Title({ node }: NodeProps) {
  const type = useType(node, `w-title w-title-${choice(node["size"], TITLE_SIZES, "md")}`);
  return <h4 {...type}>{text(node["value"])}</h4>;
}

/** A text that stands back. */
export function Caption({ node }: NodeProps) {
  const type = useType(node, `w-caption-${choice(node["size"], ["sm", "md", "lg"], "md")}`);
  return <p {...type}>{text(node["value"])}</p>;
}

/** As in the style sheet. */
const LINE_HEIGHT_EM = 1.5;

/** What all texts have in common. */
function useType(fields: Fields, name: string, more: Style = {}) {
  const scheme = useScheme();
  const { weight, textAlign, truncate } = fields;
  const lines = count(fields["maxLines"]);
  const bold = choice(weight, WEIGHTS);
  const align = choice(textAlign, ["start", "center", "end"]);
  return {
    dir: "auto",
    class: classes(
      "w-text",
      name,
      bold && `w-${bold}`,
      align && `w-align-${align}`,
      truncate === true && !lines && "w-truncate",
      lines !== undefined && "w-clamp",
    ),
    style: style({
      color: color(fields["color"], TEXT_COLORS, scheme),
      "--w-lines": lines ? String(lines) : undefined,
      ...more,
    }),
  } as const;
}
