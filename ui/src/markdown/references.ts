/**
 * Reference definitions that come after what refers to them.
 */

import { type BlockToken, blocks, type Links } from "./tokens";

/** No definitions. Labels are whatever a text says, `constructor` too: nothing is inherited. */
export function noLinks(): Links {
  return Object.create(null) as Links;
}

/** Add the definitions within block tokens to others; the first of a label wins. */
export function addDefinitions(tokens: readonly BlockToken[], found: Links): void {
  for (const token of tokens) {
    if (token.type === "def") found[token.tag] ??= { href: token.href, title: token.title };
    else if (token.type === "list")
      token.items.forEach((item) => addDefinitions(blocks(item), found));
    else if (token.type === "blockquote") addDefinitions(blocks(token), found);
  }
}

/** The labels that mean something else than before, or nothing any more. */
export function changedLabels(before: Links, after: Links): string[] {
  const labels = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...labels].filter(
    (label) =>
      before[label]?.href !== after[label]?.href || before[label]?.title !== after[label]?.title,
  );
}

/** Does a text refer to one of the labels? Labels are compared as `marked` does. */
export function refersTo(text: string, labels: readonly string[]): boolean {
  if (labels.length === 0 || !text.includes("[")) return false;
  const folded = text.replace(/\s+/g, " ").replace(/\[ /g, "[").replace(/ \]/g, "]");
  const comparable = folded.toLowerCase().toUpperCase().toLowerCase();
  return labels.some((label) => comparable.includes(`[${label}]`));
}
