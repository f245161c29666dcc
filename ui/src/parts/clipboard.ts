import { deepFocus } from "./focus";

/**
 * Put a text on the clipboard.
 *
 * Pages without HTTPS, such as one on a local network, have no clipboard to write to: there the
 * text is selected in a field and copied as a user would.
 *
 * @returns Whether it is there.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // not allowed to this page, or not now: the other way may be
  }
  return copySelected(text);
}

function copySelected(text: string): boolean {
  const field = document.createElement("textarea");
  const focused = deepFocus();
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return copied;
}
