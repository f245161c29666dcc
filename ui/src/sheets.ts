const constructed = new Map<string, CSSStyleSheet>();

/** The style sheet of a text: one for all elements, and no `<style>` that a strict CSP forbids. */
export function sheet(css: string): CSSStyleSheet {
  let found = constructed.get(css);
  if (!found) {
    found = new CSSStyleSheet();
    found.replaceSync(css);
    constructed.set(css, found);
  }
  return found;
}
