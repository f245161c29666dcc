import type { Theme } from "../options";

import type { Rgb } from "./color";
import { contrast, css, hsl, inkOn, mix, parseColor, readable } from "./color";

/** CSS custom properties by name. A page may set any of them on the element itself. */
export type Tokens = Readonly<Record<`--ck-${string}`, string>>;

const SANS =
  '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Inter, Roboto,' +
  ' Cantarell, "Noto Sans", "Helvetica Neue", Arial, system-ui, sans-serif';
const MONO =
  'ui-monospace, "SF Mono", SFMono-Regular, "Cascadia Code", Menlo, Consolas,' +
  ' "Liberation Mono", monospace';

/** Corners in pixels: of small things, of controls, of cards and bubbles, of the composer. */
const RADII = {
  pill: [8, 999, 20, 28],
  round: [6, 10, 14, 18],
  soft: [4, 6, 8, 10],
  sharp: [0, 0, 0, 0],
} as const;

/** What the unit of space, 4 px, is multiplied by. */
const DENSITIES = { compact: 0.8, normal: 1, spacious: 1.25 } as const;

/** Lightness of the greys, by what they are for. */
const LIGHT = {
  ground: 1,
  raised: 1,
  sunken: 0.96,
  hover: 0.94,
  line: 0.9,
  edge: 0.54,
  faint: 0.4,
  soft: 0.3,
  ink: 0.07,
};
const DARK = {
  ground: 0.11,
  raised: 0.15,
  sunken: 0.18,
  hover: 0.2,
  line: 0.24,
  edge: 0.48,
  faint: 0.68,
  soft: 0.79,
  ink: 0.95,
};
type Grey = keyof typeof LIGHT;

const SHADE_STEP = { light: 0.008, dark: 0.012 };
const TINT_STEP = 0.028;

const SIGNALS = {
  light: { danger: "#b42318", warning: "#8a5200", success: "#17693c", info: "#1d5fb8" },
  dark: { danger: "#ff9d92", warning: "#f2b84b", success: "#6fd39b", info: "#8ab8ff" },
} as const;

/** What the grounds of signals are tinted with: the colours of the texts would leave them grey. */
const TINTS = {
  danger: "#e5484d",
  warning: "#f5a524",
  success: "#30a46c",
  info: "#3b82f6",
} as const;

/** Code, by the kind of its words. */
const CODE = {
  light: { keyword: "#8a2a9b", string: "#1a6b3c", value: "#9a4a00", name: "#1f5bb5" },
  dark: { keyword: "#d9a0e8", string: "#8fd3a5", value: "#efb27a", name: "#8fbcf5" },
} as const;

/** All that the style sheets read, for one theme. */
export function tokens(theme: Theme): Tokens {
  const { radius, density, typography } = theme;
  const [small, control, card, composer] = RADII[radius];
  const baseSize = typography.baseSize;
  return {
    ...colors(theme),
    "--ck-radius-small": `${small}px`,
    "--ck-radius-control": `${control}px`,
    "--ck-radius-card": `${card}px`,
    "--ck-radius-composer": `${composer}px`,
    "--ck-unit": `${4 * DENSITIES[density]}px`,
    "--ck-size": `${baseSize}px`,
    "--ck-size-input": `${Math.max(16, baseSize)}px`,
    "--ck-font": typography.fontFamily ? `${typography.fontFamily}, ${SANS}` : SANS,
    "--ck-mono": typography.fontFamilyMono ? `${typography.fontFamilyMono}, ${MONO}` : MONO,
  };
}

function colors({ colorScheme, color }: Theme): Tokens {
  const greys = palette(colorScheme, color);
  const accent = color.accent ? parseColor(color.accent.primary) : null;
  const level = accent ? color.accent!.level : 0;
  const solid = accent ?? greys.ink;
  const bubble = level === 3 ? solid : mix(greys.sunken, solid, accent ? 0.06 * level : 0);
  const bubbleInk = contrast(greys.ink, bubble) >= 4.5 ? greys.ink : inkOn(bubble);
  return {
    ...Object.fromEntries(Object.entries(greys).map(([name, grey]) => [`--ck-${name}`, css(grey)])),
    ...code(colorScheme, greys.sunken, greys.ink),
    ...signals(colorScheme, greys.ground, greys.ink),
    "--ck-accent": css(solid),
    "--ck-on-accent": css(accent ? inkOn(accent) : greys.ground),
    "--ck-link": css(accent ? readable(accent, greys.ground, greys.ink) : greys.ink),
    "--ck-focus": css(readable(accent ?? greys.ink, greys.ground, greys.ink, 3)),
    "--ck-bubble": css(bubble),
    "--ck-on-bubble": css(bubbleInk),
    "--ck-tag": css(bubbleInk, 0.1),
    "--ck-veil": css(greys.ground, 0.6),
    "--ck-shadow": colorScheme === "dark" ? "rgb(0 0 0 / .5)" : "rgb(15 15 20 / .1)",
    "--ck-scheme": colorScheme,
  };
}

/**
 * The greys of a theme.
 *
 * `surface.foreground` is documented as the colour of text, but themes in use also give a second
 * background there. It is text if it can be read on the background, and else what is raised.
 */
function palette(scheme: "light" | "dark", { grayscale, surface }: Theme["color"]) {
  const ramp = scheme === "dark" ? DARK : LIGHT;
  const shift = (grayscale?.shade ?? 0) * SHADE_STEP[scheme];
  const made = Object.fromEntries(
    Object.entries(ramp).map(([name, lightness]) => {
      const isGround = scheme === "dark" ? lightness < 0.3 : lightness > 0.85;
      const shifted = Math.min(1, Math.max(0.02, lightness + (isGround ? shift : 0)));
      return [name, hsl(grayscale?.hue ?? 0, (grayscale?.tint ?? 0) * TINT_STEP, shifted)];
    }),
  ) as Record<Grey, Rgb>;
  const ground = surface && parseColor(surface.background);
  const front = surface && parseColor(surface.foreground);
  return ground && front ? onSurface(made, ground, front) : made;
}

function onSurface(greys: Record<Grey, Rgb>, ground: Rgb, front: Rgb): Record<Grey, Rgb> {
  const isText = contrast(front, ground) >= 4.5;
  const ink = isText ? front : contrast(greys.ink, ground) >= 4.5 ? greys.ink : inkOn(ground);
  const towardsInk = (weight: number) => mix(ground, ink, weight);
  const sunken = towardsInk(0.05);
  return {
    ground,
    raised: isText ? towardsInk(0.02) : front,
    sunken,
    hover: towardsInk(0.08),
    line: towardsInk(0.13),
    edge: readable(towardsInk(0.4), ground, ink, 3),
    faint: readable(towardsInk(0.6), sunken, ink),
    soft: readable(towardsInk(0.75), sunken, ink),
    ink,
  };
}

function code(scheme: "light" | "dark", ground: Rgb, ink: Rgb): Tokens {
  const pairs = Object.entries(CODE[scheme]).map(([name, given]) => [
    `--ck-code-${name}`,
    css(readable(parseColor(given)!, ground, ink)),
  ]);
  return Object.fromEntries(pairs);
}

/** Each signal's colour as text, and a ground to put such text on. */
function signals(scheme: "light" | "dark", ground: Rgb, ink: Rgb): Tokens {
  const pairs = Object.entries(SIGNALS[scheme]).flatMap(([name, given]) => {
    const color = parseColor(given)!;
    const tint = parseColor(TINTS[name as keyof typeof TINTS])!;
    const wash = mix(ground, tint, 0.1);
    return [
      [`--ck-${name}`, css(readable(color, wash, ink))],
      [`--ck-${name}-wash`, css(wash)],
      [`--ck-${name}-line`, css(mix(ground, tint, 0.4))],
    ];
  });
  return Object.fromEntries(pairs);
}
