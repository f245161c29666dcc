/** Whether two addresses, as a page would resolve them, are of one origin. */
export function isSameOrigin(url: string, other = ""): boolean {
  const base = globalThis.location?.href;
  try {
    return new URL(url, base).origin === new URL(other, base).origin;
  } catch {
    return false;
  }
}
