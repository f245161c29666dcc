/**
 * Put a text on the clipboard. Pages that don't come over HTTPS have no clipboard of their own,
 * and copy what is selected instead.
 *
 * @param from The button that asked, which keeps the focus.
 * @returns Whether it is there.
 */
export async function copyText(text: string, from: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text, from);
  }
}

function copySelected(text: string, from: HTMLElement): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  from.focus();
  return isCopied;
}
