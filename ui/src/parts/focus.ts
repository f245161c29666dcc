/** What has the focus, be it in a shadow root. */
export function deepFocus(): HTMLElement | null {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused as HTMLElement | null;
}

/** Does something that is not in the same tree as this have the focus? */
export function isFocusElsewhere(here: Node): boolean {
  const focused = deepFocus();
  return focused !== null && focused !== document.body && !here.getRootNode().contains(focused);
}
