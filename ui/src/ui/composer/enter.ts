/** What Chrome and Safari call a key that an input method has taken. */
const COMPOSING = 229;

/** Is it Enter alone, and not meant for an input method? */
export function isEnter(event: KeyboardEvent): boolean {
  const { key, shiftKey, altKey, ctrlKey, metaKey, isComposing, keyCode } = event;
  if (key !== "Enter" || shiftKey || altKey || ctrlKey || metaKey) return false;
  return !isComposing && keyCode !== COMPOSING;
}
