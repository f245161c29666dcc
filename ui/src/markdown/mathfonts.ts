/**
 * KaTeX's style sheet and fonts. The fonts are registered with the page, since `@font-face` does
 * nothing within a shadow root; a browser fetches the ones that a formula uses.
 */

import amsRegular from "katex/dist/fonts/KaTeX_AMS-Regular.woff2";
import caligraphicBold from "katex/dist/fonts/KaTeX_Caligraphic-Bold.woff2";
import caligraphicRegular from "katex/dist/fonts/KaTeX_Caligraphic-Regular.woff2";
import frakturBold from "katex/dist/fonts/KaTeX_Fraktur-Bold.woff2";
import frakturRegular from "katex/dist/fonts/KaTeX_Fraktur-Regular.woff2";
import mainBold from "katex/dist/fonts/KaTeX_Main-Bold.woff2";
import mainBoldItalic from "katex/dist/fonts/KaTeX_Main-BoldItalic.woff2";
import mainItalic from "katex/dist/fonts/KaTeX_Main-Italic.woff2";
import mainRegular from "katex/dist/fonts/KaTeX_Main-Regular.woff2";
import mathBoldItalic from "katex/dist/fonts/KaTeX_Math-BoldItalic.woff2";
import mathItalic from "katex/dist/fonts/KaTeX_Math-Italic.woff2";
import sansBold from "katex/dist/fonts/KaTeX_SansSerif-Bold.woff2";
import sansItalic from "katex/dist/fonts/KaTeX_SansSerif-Italic.woff2";
import sansRegular from "katex/dist/fonts/KaTeX_SansSerif-Regular.woff2";
import scriptRegular from "katex/dist/fonts/KaTeX_Script-Regular.woff2";
import size1Regular from "katex/dist/fonts/KaTeX_Size1-Regular.woff2";
import size2Regular from "katex/dist/fonts/KaTeX_Size2-Regular.woff2";
import size3Regular from "katex/dist/fonts/KaTeX_Size3-Regular.woff2";
import size4Regular from "katex/dist/fonts/KaTeX_Size4-Regular.woff2";
import typewriterRegular from "katex/dist/fonts/KaTeX_Typewriter-Regular.woff2";
import css from "katex/dist/katex.min.css";

import { sheet } from "../sheets";

const FACES: [family: string, path: string, style?: "bold" | "italic" | "bold italic"][] = [
  ["AMS", amsRegular],
  ["Caligraphic", caligraphicRegular],
  ["Caligraphic", caligraphicBold, "bold"],
  ["Fraktur", frakturRegular],
  ["Fraktur", frakturBold, "bold"],
  ["Main", mainRegular],
  ["Main", mainBold, "bold"],
  ["Main", mainItalic, "italic"],
  ["Main", mainBoldItalic, "bold italic"],
  ["Math", mathItalic, "italic"],
  ["Math", mathBoldItalic, "bold italic"],
  ["SansSerif", sansRegular],
  ["SansSerif", sansBold, "bold"],
  ["SansSerif", sansItalic, "italic"],
  ["Script", scriptRegular],
  ["Size1", size1Regular],
  ["Size2", size2Regular],
  ["Size3", size3Regular],
  ["Size4", size4Regular],
  ["Typewriter", typewriterRegular],
];

/** Register the fonts with the page. */
export function registerFonts(): void {
  for (const [family, path, look = ""] of FACES) {
    const source = `url("${new URL(path, import.meta.url).href}")`;
    const weight = look.includes("bold") ? "700" : "400";
    const style = look.includes("italic") ? "italic" : "normal";
    document.fonts.add(new FontFace(`KaTeX_${family}`, source, { weight, style }));
  }
}

/** KaTeX's styles, without the fonts' addresses, which would be looked for beside the page. */
const styles = css.replace(/@font-face\s*\{[^}]*\}/g, "");

/** Have the styles apply in the tree that a node is in. */
export function adoptStyles(node: Node): void {
  const root = node.getRootNode();
  const own = sheet(styles);
  const isPage = root instanceof Document || root instanceof ShadowRoot;
  if (!isPage || root.adoptedStyleSheets.includes(own)) return;
  root.adoptedStyleSheets = [own, ...root.adoptedStyleSheets];
}
