import { imageAddress } from "./links";

const OWN_IMAGE = /^(blob:|data:image\/(png|jpeg|gif|webp|avif);)/i;

/** The address of a picture that the server or the user's own file gives; null for anything else. */
export function imageUrl(url: string): string | null {
  return OWN_IMAGE.test(url) ? url : (imageAddress(url, null) ?? null);
}

/** The host of an address as people know it. */
export function hostName(url: string): string {
  try {
    return new URL(url).hostname.replace(/^www\./, "");
  } catch {
    return url;
  }
}
