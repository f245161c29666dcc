const LINKS = new Set(["http:", "https:", "mailto:"]);
const IMAGES = new Set(["http:", "https:", "blob:"]);
const INLINE_IMAGE = /^data:image\/(png|jpeg|gif|webp|avif);/i;

/** The address if a link may lead there; null for one that would run something, or is none. */
export function linkUrl(url: string): string | null {
  return allowed(url, LINKS);
}

/** The address if a picture may come from there. */
export function imageUrl(url: string): string | null {
  return INLINE_IMAGE.test(url) ? url : allowed(url, IMAGES);
}

function allowed(url: string, schemes: ReadonlySet<string>): string | null {
  try {
    const { protocol, href } = new URL(url, document.baseURI);
    return schemes.has(protocol) ? href : null;
  } catch {
    return null; // not an address
  }
}

/** The host of an address as people know it. */
export function hostName(url: string): string {
  try {
    return new URL(url).hostname.replace(/^www\./, "");
  } catch {
    return url;
  }
}
