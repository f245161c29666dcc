import type { Theme } from "../options";
import { sheet } from "../sheets";

import base from "./base.css";
import { registerFonts } from "./fonts";
import { tokens } from "./tokens";

const tokenSheets = new WeakMap<ShadowRoot, CSSStyleSheet>();

/**
 * Dress a shadow root in a theme, in place of the one that it wore.
 *
 * The tokens stand in a rule of their own, set through the CSSOM: what a page gives as a colour or
 * a font stays a value, whatever it holds.
 */
export function applyTheme(root: ShadowRoot, theme: Theme): void {
  registerFonts(theme.typography.fontSources);
  adopt(root, base);
  const { style } = tokenSheet(root).cssRules[0] as CSSStyleRule;
  for (const [name, value] of Object.entries(tokens(theme))) style.setProperty(name, value);
  style.setProperty("color-scheme", theme.colorScheme);
}

/** Add a style sheet to a root, once. */
export function adopt(root: ShadowRoot, css: string): void {
  const added = sheet(css);
  if (root.adoptedStyleSheets.includes(added)) return;
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, added];
}

function tokenSheet(root: ShadowRoot): CSSStyleSheet {
  let found = tokenSheets.get(root);
  if (!found) {
    found = new CSSStyleSheet();
    found.replaceSync(":host {}");
    tokenSheets.set(root, found);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, found];
  }
  return found;
}
