/**
 * Where links may lead. What is not on a list here is shown as text.
 *
 * Addresses are read by the browser's own parser, which drops what hides a scheme (tabs, line
 * ends, control characters), and given back as it writes them.
 */

const LINK_SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
const DEEPLINK = "chatkit-link:";

/** A link to the page that embeds the element: `chatkit-link://NAME?KEY=VALUE`. */
export interface Deeplink {
  name: string;
  data?: Record<string, string>;
}

export interface LinkTarget {
  href: string;
  deeplink?: Deeplink;
}

/** The target of a link, or nothing when it may not be followed. */
export function linkTarget(href: string): LinkTarget | undefined {
  const url = parseAddress(href);
  if (url?.protocol === DEEPLINK) return { href: url.href, deeplink: deeplink(url) };
  return url && LINK_SCHEMES.has(url.protocol) ? { href: url.href } : undefined;
}

/** What makes an `<a>` lead there, and tell nothing of this page. */
export function linkProps({ href, deeplink }: LinkTarget, onDeeplink: (link: Deeplink) => void) {
  const follow = (event: Event) => {
    event.preventDefault();
    onDeeplink(deeplink!);
  };
  const onClick = deeplink && follow;
  return { href, target: "_blank", rel: "noopener noreferrer", onClick };
}

function deeplink(url: URL): Deeplink {
  const name = unescaped((url.host + url.pathname).replace(/^\/+|\/+$/g, ""));
  const data = Object.fromEntries(url.searchParams);
  return Object.keys(data).length ? { name, data } : { name };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that escapes nothing
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

/** An address as the browser reads it in this page; nothing if it is none. */
export function parseAddress(href: string): URL | undefined {
  try {
    return new URL(href, globalThis.document?.baseURI);
  } catch {
    return undefined;
  }
}
