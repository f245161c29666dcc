/** How the messages of a language are fetched; a language that stands here is a chunk of its own. */
const LOADERS = {
  ar: () => import("./locales/ar"),
  de: () => import("./locales/de"),
  es: () => import("./locales/es"),
  fr: () => import("./locales/fr"),
  ja: () => import("./locales/ja"),
} as const;

type Translated = keyof typeof LOADERS;

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

/**
 * The locale that a request for one comes down to.
 *
 * @param requested A BCP 47 tag, such as `de`, `de-DE` or `es-419`; in any case, `_` for `-`.
 * @returns The tag to format dates and numbers by, and the language of the messages: English
 *   where there is no translation.
 */
export function resolve(requested: string): { tag: string; messages: Translated | "en" } {
  const tag = canonical(requested);
  const language = tag?.split("-")[0] ?? "en";
  if (tag && language in LOADERS) return { tag, messages: language as Translated };
  return { tag: tag && language === "en" ? tag : "en", messages: "en" };
}

function canonical(requested: string): string | null {
  try {
    return Intl.getCanonicalLocales(requested.replaceAll("_", "-"))[0] ?? null;
  } catch {
    return null; // not a language tag
  }
}

export function direction(tag: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.has(tag.split("-")[0]!) ? "rtl" : "ltr";
}

export async function load(messages: Translated) {
  return (await LOADERS[messages]()).default;
}
