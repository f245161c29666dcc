import { imageAddress } from "../parts/links";
import { imageUrl } from "../parts/urls";

/** The address of an image that a widget may show: as in Markdown, or the image itself. */
export function imageSource(src: unknown, domains: readonly string[] | null): string | undefined {
  if (typeof src !== "string" || !src) return undefined;
  if (/^data:/i.test(src)) return imageUrl(src) ?? undefined;
  return imageAddress(src, domains);
}
