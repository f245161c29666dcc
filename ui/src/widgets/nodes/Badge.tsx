import { choice, classes, text } from "../fields";

import type { NodeProps } from "./props";

const COLORS = ["secondary", "success", "danger", "warning", "info", "discovery"] as const;

/** A word or two that mark something. */
export function Badge({ node }: NodeProps) {
  const { label, color, variant, size, pill } = node;
  return (
    <span
      dir="auto"
      class={classes(
        "w-badge",
        `w-tone-${choice(color, COLORS, "secondary")}`,
        `w-${choice(variant, ["solid", "soft", "outline"], "soft")}`,
        `w-badge-${choice(size, ["sm", "md", "lg"], "sm")}`,
        pill === true && "w-pill",
      )}
    >
      {text(label)}
    </span>
  );
}
