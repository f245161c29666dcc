/** The layout fields of nodes as styles. */

import { own } from "../parts/own";

import { color, LINES, type Scheme, SURFACES } from "./colors";
import { css, type Style, style } from "./css";
import { choice, type Fields, record } from "./fields";

const SIDES = ["top", "right", "bottom", "left"] as const;
type Side = (typeof SIDES)[number];

const ALIGNMENTS = {
  start: "flex-start",
  center: "center",
  end: "flex-end",
  baseline: "baseline",
  stretch: "stretch",
};
const JUSTIFICATIONS = {
  start: "flex-start",
  center: "center",
  end: "flex-end",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
  stretch: "stretch",
};
const RADII = {
  none: "0",
  "2xs": "2px",
  xs: "4px",
  sm: "6px",
  md: "8px",
  lg: "10px",
  xl: "12px",
  "2xl": "16px",
  "3xl": "20px",
  "4xl": "24px",
  full: "9999px",
  "100%": "100%",
};
const LINE_STYLES = [
  "solid",
  "dashed",
  "dotted",
  "double",
  "groove",
  "ridge",
  "inset",
  "outset",
] as const;

/** All of a container: how large it is, how it is dressed, how its children lie. */
export function boxStyle(fields: Fields, scheme: Scheme): Style {
  return {
    ...blockStyle(fields),
    ...flexStyle(fields),
    ...spacing("padding", fields["padding"]),
    ...border(fields["border"], scheme),
    ...background(fields, scheme),
  };
}

/** How large a block is, its corners, and the space around it. */
export function blockStyle(fields: Fields): Style {
  const { size, minSize, maxSize, aspectRatio: ratio } = fields;
  return style({
    width: length("width", fields["width"] ?? size),
    height: length("height", fields["height"] ?? size),
    minWidth: length("min-width", fields["minWidth"] ?? minSize),
    minHeight: length("min-height", fields["minHeight"] ?? minSize),
    maxWidth: length("max-width", fields["maxWidth"] ?? maxSize),
    maxHeight: length("max-height", fields["maxHeight"] ?? maxSize),
    aspectRatio: css("aspect-ratio", plain(ratio)),
    flex: css("flex", plain(fields["flex"])),
    borderRadius: named(RADII, fields["radius"]),
    ...spacing("margin", fields["margin"]),
  });
}

/** How the children of a flex container lie. */
export function flexStyle(fields: Fields): Style {
  return style({
    alignItems: named(ALIGNMENTS, fields["align"]),
    justifyContent: named(JUSTIFICATIONS, fields["justify"]),
    flexWrap: choice(fields["wrap"], ["nowrap", "wrap", "wrap-reverse"]),
    gap: space("gap", fields["gap"]),
  });
}

export function background(fields: Fields, scheme: Scheme): Style {
  return style({ backgroundColor: color(fields["background"], SURFACES, scheme) });
}

/** Padding or margin: one for all sides, or by side (`x` and `y` for two). */
export function spacing(property: "padding" | "margin", value: unknown): Style {
  const sides = sidesOf(value);
  return style(
    Object.fromEntries(
      SIDES.map((side) => [property + capital(side), space(`${property}-${side}`, sides[side])]),
    ),
  );
}

export function border(value: unknown, scheme: Scheme): Style {
  const isOne = record(value)?.["size"] !== undefined;
  const sides = sidesOf(isOne ? { x: value, y: value } : value);
  return Object.assign({}, ...SIDES.map((side) => edge(side, sides[side], scheme))) as Style;
}

function edge(side: Side, value: unknown, scheme: Scheme): Style {
  const fields = record(value) ?? { size: value };
  const width = length("border-top-width", fields["size"]);
  if (width === undefined) return {};
  const name = `border${capital(side)}`;
  return {
    [`${name}Width`]: width,
    [`${name}Style`]: choice(fields["style"], LINE_STYLES, "solid"),
    [`${name}Color`]: color(fields["color"], LINES, scheme) ?? LINES["default"]!,
  };
}

/** A length: a number of pixels, or CSS. */
export function length(property: string, value: unknown): string | undefined {
  return css(property, isNumeric(value) ? `${value}px` : value);
}

/** A distance: a number of the theme's units (4 px at normal density), or CSS. */
export function space(property: string, value: unknown): string | undefined {
  return isNumeric(value) ? `calc(${value} * var(--ck-unit))` : css(property, value);
}

function sidesOf(value: unknown): Readonly<Record<Side, unknown>> {
  const { x, y, ...sides } = record(value) ?? { x: value, y: value };
  const { top = y, right = x, bottom = y, left = x } = sides as Fields;
  return { top, right, bottom, left };
}

function named(names: Readonly<Record<string, string>>, value: unknown): string | undefined {
  return typeof value === "string" ? own(names, value) : undefined;
}

function isNumeric(value: unknown): value is number | string {
  return Number.isFinite(value) || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value));
}

function plain(value: unknown): unknown {
  return Number.isFinite(value) ? String(value) : value;
}

function capital(side: Side): string {
  return side[0]!.toUpperCase() + side.slice(1);
}
