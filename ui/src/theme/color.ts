/** Colours as red, green and blue, each from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/** Read a CSS colour; null if it is none. Transparency is dropped. */
export function parseColor(css: string): Rgb | null {
  const plain = canonical(css.trim());
  const hex = /^#([0-9a-f]{6}|[0-9a-f]{3,4}$)/i.exec(plain)?.[1];
  if (hex) {
    const step = hex.length === 6 ? 2 : 1;
    const part = (at: number) => {
      const digits = hex.slice(at * step, (at + 1) * step);
      return parseInt(step === 1 ? digits + digits : digits, 16);
    };
    return [part(0), part(1), part(2)];
  }
  const [red, green, blue] = (/^rgba?\(([^)]+)\)/i.exec(plain)?.[1] ?? "")
    .split(/[\s,/]+/)
    .map(Number);
  return red === undefined || green === undefined || blue === undefined || Number.isNaN(red)
    ? null
    : [red, green, blue];
}

/** A canvas reads every notation that the browser knows, and gives hex or rgba() back. */
function canonical(css: string): string {
  if (/^(#|rgba?\()/i.test(css)) return css;
  const context = document.createElement("canvas").getContext?.("2d");
  if (!context) return css;
  context.fillStyle = "#010203";
  context.fillStyle = css;
  const read = String(context.fillStyle);
  return read === "#010203" ? "" : read;
}

/** @param hue In degrees. @param saturation From 0 to 1. @param lightness From 0 to 1. */
export function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const part = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

/** The colour that lies `weight` (0 to 1) of the way from one to the other. */
export function mix(from: Rgb, to: Rgb, weight: number): Rgb {
  const part = (at: 0 | 1 | 2) => Math.round(from[at] + (to[at] - from[at]) * weight);
  return [part(0), part(1), part(2)];
}

export function css([red, green, blue]: Rgb, alpha = 1): string {
  return alpha === 1 ? `rgb(${red} ${green} ${blue})` : `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** WCAG 2.2, relative luminance. */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, contrast ratio: from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** The colour, moved towards `anchor` as little as makes it stand out from `ground`. */
export function readable(color: Rgb, ground: Rgb, anchor: Rgb, least = 4.5): Rgb {
  for (let step = 0; step < 20; step++) {
    const candidate = mix(color, anchor, step / 20);
    if (contrast(candidate, ground) >= least) return candidate;
  }
  return anchor;
}

/** Black or white, whichever reads better on a colour. */
export function inkOn(ground: Rgb): Rgb {
  return contrast(WHITE, ground) >= contrast(BLACK, ground) ? WHITE : BLACK;
}
