import { useAction } from "../actions";
import { choice, classes, text } from "../fields";

import { Control } from "./Control";
import type { NodeProps } from "./props";

const COLORS = [
  "primary",
  "secondary",
  "info",
  "discovery",
  "success",
  "caution",
  "warning",
  "danger",
] as const;
const VARIANTS = ["solid", "soft", "outline", "ghost"] as const;
const SIZES = ["3xs", "2xs", "xs", "sm", "md", "lg", "xl", "2xl", "3xl"] as const;
const ICON_SIZES = { sm: 14, md: 16, lg: 20, xl: 24, "2xl": 28 } as const;
const ICON_SIZE_NAMES = ["sm", "md", "lg", "xl", "2xl"] as const;

/** A button that asks for something. One without an action can't be pressed. */
export function Button({ node }: NodeProps) {
  const { label, color, variant, size, pill, uniform, block, disabled } = node;
  const action = useAction(node["onClickAction"], "self");
  const preset = choice(node["style"], ["primary", "secondary"], "secondary");
  return (
    <Control
      label={text(label)}
      action={action}
      disabled={disabled === true}
      iconStart={text(node["iconStart"])}
      iconEnd={text(node["iconEnd"])}
      iconSize={ICON_SIZES[choice(node["iconSize"], ICON_SIZE_NAMES, "md")]}
      class={classes(
        `w-tone-${choice(color, COLORS, preset)}`,
        `w-${choice(variant, VARIANTS, preset === "primary" ? "solid" : "outline")}`,
        `w-button-${choice(size, SIZES, "lg")}`,
        pill !== false && "w-pill",
        uniform === true && "w-uniform",
        block === true && "w-block",
      )}
    />
  );
}
