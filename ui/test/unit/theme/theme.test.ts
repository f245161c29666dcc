// @vitest-environment happy-dom
import type { ThemeOption } from "@openai/chatkit";
import { describe, expect, test, vi } from "vitest";

import { normalise } from "../../../src/options";
import { applyTheme } from "../../../src/theme";
import { contrast, parseColor, type Rgb } from "../../../src/theme/color";
import { tokens } from "../../../src/theme/tokens";

const read = (theme: ThemeOption) => normalise({ api: { url: "/x" }, theme }).options!.theme;

const color = (theme: ThemeOption, name: string): Rgb =>
  parseColor(tokens(read(theme))[`--ck-${name}`]!.replaceAll(" ", ","))!;

const ACCENTS = ["#7c3aed", "#ffd60a", "#0f172a", "#f1f5f9", "rgb(255, 0, 0)"];
const THEMES: ThemeOption[] = (["light", "dark"] as const).flatMap((colorScheme) => [
  { colorScheme },
  ...[0, 9].flatMap((tint) =>
    [-4, 4].map(
      (shade): ThemeOption => ({
        colorScheme,
        color: { grayscale: { hue: 220, tint: tint as 0, shade: shade as 4 } },
      }),
    ),
  ),
  ...ACCENTS.flatMap((primary) =>
    ([0, 1, 2, 3] as const).map(
      (level): ThemeOption => ({
        colorScheme,
        color: { accent: { primary, level } },
      }),
    ),
  ),
  { colorScheme, color: { surface: { background: "#102030", foreground: "#ffffff" } } },
  { colorScheme, color: { surface: { background: "#ffffff", foreground: "#f5f5f5" } } },
]);

/** What is written on what. */
const TEXTS = [
  ["ink", "ground"],
  ["ink", "raised"],
  ["ink", "sunken"],
  ["soft", "sunken"],
  ["faint", "ground"],
  ["faint", "sunken"],
  ["faint", "raised"],
  ["link", "ground"],
  ["on-accent", "accent"],
  ["on-bubble", "bubble"],
  ["danger", "danger-wash"],
  ["warning", "warning-wash"],
  ["code-keyword", "sunken"],
  ["code-string", "sunken"],
  ["code-value", "sunken"],
  ["code-name", "sunken"],
] as const;

describe("contrast", () => {
  test.each(TEXTS)("%s on %s can be read in every theme (WCAG 1.4.3)", (ink, ground) => {
    for (const theme of THEMES) {
      const ratio = contrast(color(theme, ink), color(theme, ground));
      expect(ratio, JSON.stringify(theme)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each(["focus", "edge"])("%s stands out in every theme (WCAG 1.4.11)", (name) => {
    for (const theme of THEMES) {
      const ratio = contrast(color(theme, name), color(theme, "ground"));
      expect(ratio, JSON.stringify(theme)).toBeGreaterThanOrEqual(3);
    }
  });
});

test("a dark theme has light text on a dark ground", () => {
  expect(color({ colorScheme: "dark" }, "ground")[0]).toBeLessThan(60);
  expect(color({ colorScheme: "dark" }, "ink")[0]).toBeGreaterThan(200);
});

test("a surface's foreground is the text, unless nobody could read it", () => {
  const dark = { background: "#102030", foreground: "#ffffff" };
  expect(color({ color: { surface: dark } }, "ink")).toEqual([255, 255, 255]);
  const pale = { background: "#ffffff", foreground: "#f5f5f5" };
  expect(color({ color: { surface: pale } }, "raised")).toEqual([245, 245, 245]);
});

test("radius, density and type have their say", () => {
  const sharp = tokens(read({ radius: "sharp", density: "compact", typography: { baseSize: 14 } }));
  expect(sharp["--ck-radius-composer"]).toBe("0px");
  expect(sharp["--ck-unit"]).toBe("3.2px");
  expect(sharp["--ck-size"]).toBe("14px");
  expect(sharp["--ck-size-input"]).toBe("16px"); // a phone zooms in on anything smaller
  const mono = tokens(read({ typography: { fontFamilyMono: "Iosevka" } }))["--ck-mono"];
  expect(mono).toMatch(/^Iosevka, /);
});

test("fonts are registered with the document, once", () => {
  const added: unknown[] = [];
  vi.stubGlobal(
    "FontFace",
    class {
      constructor(...args: unknown[]) {
        added.push(args);
      }
    },
  );
  Object.defineProperty(document, "fonts", { configurable: true, value: { add: () => {} } });
  const root = document.createElement("div").attachShadow({ mode: "open" });
  const theme = read({
    typography: { fontSources: [{ family: '"My Font"', src: "/f.woff2", weight: 600 }] },
  });
  applyTheme(root, theme);
  applyTheme(root, theme);
  expect(added).toEqual([["My Font", 'url("/f.woff2")', { weight: "600" }]]);
  vi.unstubAllGlobals();
});

test("a new theme takes the place of the old, and adds no sheet", () => {
  const root = document.createElement("div").attachShadow({ mode: "open" });
  applyTheme(root, read({ colorScheme: "light" }));
  const count = root.adoptedStyleSheets.length;
  applyTheme(root, read({ colorScheme: "dark" }));
  expect(root.adoptedStyleSheets).toHaveLength(count);
});
