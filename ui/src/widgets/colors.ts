import { own } from "../parts/own";
import { hsl, css as write } from "../theme/color";

import { css } from "./css";
import { record } from "./fields";

export type Scheme = "light" | "dark";
type Tokens = Readonly<Record<string, string>>;

export const TEXT_COLORS: Tokens = {
  prose: "var(--ck-ink)",
  primary: "var(--ck-ink)",
  emphasis: "var(--ck-ink)",
  secondary: "var(--ck-soft)",
  tertiary: "var(--ck-faint)",
  success: "var(--ck-success)",
  warning: "var(--ck-warning)",
  danger: "var(--ck-danger)",
};

export const SURFACES: Tokens = {
  surface: "var(--ck-ground)",
  "surface-secondary": "var(--ck-sunken)",
  "surface-tertiary": "var(--ck-hover)",
  "surface-elevated": "var(--ck-raised)",
  "surface-elevated-secondary": "var(--ck-sunken)",
};

export const LINES: Tokens = {
  default: "var(--ck-line)",
  subtle: "var(--ck-hover)",
  strong: "var(--ck-edge)",
};

/** Hue in degrees and saturation of the primitive colours. */
const HUES: Readonly<Record<string, readonly [hue: number, saturation: number]>> = {
  gray: [0, 0],
  red: [3, 0.85],
  orange: [24, 0.92],
  yellow: [42, 0.92],
  green: [147, 0.65],
  blue: [215, 0.88],
  purple: [266, 0.75],
  pink: [330, 0.8],
};

/**
 * A colour as CSS: a token, a primitive such as `red-100`, a CSS colour, or
 * `{ light, dark }` with either of these. None if it is nothing of the kind.
 */
export function color(value: unknown, tokens: Tokens, scheme: Scheme): string | undefined {
  const given = record(value)?.[scheme] ?? value;
  if (typeof given !== "string") return undefined;
  return own(tokens, given) ?? primitive(given) ?? css("color", given);
}

/** The steps of a hue go from white, 0, to almost black, 1000. */
function primitive(name: string): string | undefined {
  const [, hueName = "", step] = /^([a-z]+)-(\d{1,3}|1000)$/.exec(name) ?? [];
  const hue = own(HUES, hueName);
  if (!hue) return undefined;
  return write(hsl(hue[0], hue[1], 1 - (Number(step) / 1000) * (hue[1] ? 0.82 : 0.95)));
}
