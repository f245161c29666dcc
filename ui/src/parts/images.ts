/**
 * Which images are loaded without anyone asking for them.
 *
 * To load one is to tell its host something: whoever steers a model's text can put a secret into
 * an address. And an address of the page's own host is asked with the user's cookies, whatever
 * it does. So a text's images come from named hosts and from below the endpoint, and what a
 * server itself puts into a field made for an image is loaded as it says.
 */

import { parseAddress } from "./links";

/** Where the images of a thread may come from. */
export interface ImageRules {
  /** The address of the ChatKit server: what lies below it is the server's own. */
  readonly endpoint: string | null;
  /** The hosts that texts may show images of. */
  readonly texts: readonly string[];
  /** The hosts that widgets may show images of; null: any. */
  readonly widgets: readonly string[] | null;
}

/** What holds for a text of which nothing else is known. */
export const NO_IMAGES: ImageRules = { endpoint: null, texts: [], widgets: null };

/** @param listed What the thread has as its `allowed_image_domains`; it has the last word. */
export function imageRules(
  endpoint: string,
  listed: readonly string[] | null,
  domains: readonly string[],
): ImageRules {
  // A server may send anything: what is no list of names allows nothing.
  const widgets = listed && [listed].flat().filter((domain) => typeof domain === "string");
  return { endpoint, texts: widgets ?? domains, widgets };
}

/** The address of an image in a text, or nothing when it may not be loaded. */
export function textImage(href: string, { endpoint, texts }: ImageRules): string | undefined {
  const url = imageAddress(href);
  return url && (isBelow(url, endpoint) || isFrom(url, texts)) ? url.href : undefined;
}

/** The address of an image in a widget, or nothing when it may not be loaded. */
export function widgetImage(src: unknown, rules: ImageRules): string | undefined {
  if (typeof src !== "string" || !src) return undefined;
  if (/^data:/i.test(src)) return serverImage(src) ?? undefined;
  return rules.widgets
    ? textImage(src, { ...rules, texts: rules.widgets })
    : imageAddress(src)?.href;
}

const OWN_IMAGE = /^(blob:|data:image\/(png|jpeg|gif|webp|avif);)/i;

/** The address of an image that the server made or keeps, or of the user's own file. */
export function serverImage(src: string): string | null {
  return OWN_IMAGE.test(src) ? src : (imageAddress(src)?.href ?? null);
}

/** Whether something names hosts: `img.example`, `*.example`, `https://img.example:8443`, `*`. */
export function isImageDomain(domain: string): boolean {
  return domain === ANY || parseDomain(domain) !== undefined;
}

/** An address by which an image can be had, and that has no password in it. */
function imageAddress(href: string): URL | undefined {
  const url = parseAddress(href);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  return isWeb && !url.username && !url.password ? url : undefined;
}

/** What some servers take for a step up, or for a slash, though no browser does. */
const MAY_LEAVE = /\.\.|;|%(2e|2f|5c|25)/i;

/** One at the root of its host has no paths that are its own alone. */
function isBelow(url: URL, endpoint: string | null): boolean {
  const root = endpoint === null ? undefined : parseAddress(endpoint);
  const path = root?.pathname.replace(/\/*$/, "/") ?? "/";
  if (url.origin !== root?.origin || path === "/") return false;
  return url.pathname.startsWith(path) && !MAY_LEAVE.test(url.pathname);
}

const ANY = "*";

function isFrom(url: URL, domains: readonly string[]): boolean {
  return domains.some((domain) => isNamed(url, domain));
}

/** As in a content security policy: without a port, it is the usual one of the scheme. */
function isNamed(url: URL, domain: string): boolean {
  // Only its name stands for the page's own host: it is asked with the user's cookies.
  const isOwn = url.hostname === globalThis.location?.hostname;
  if (domain === ANY) return !isOwn;
  const { scheme, isWild, host, port } = parseDomain(domain) ?? {};
  if (host === undefined || (scheme === "https" && url.protocol !== "https:")) return false;
  const isPort = port ? port === (url.port || USUAL_PORTS[url.protocol]) : url.port === "";
  const isHost = isWild ? url.hostname.endsWith(`.${host}`) && !isOwn : url.hostname === host;
  return isPort && isHost;
}

const USUAL_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
const DOMAIN = /^(?:(https?):\/\/)?(\*\.)?([^*/?#@\\\s]+?)(?::(\d+))?\/?$/i;

interface Domain {
  readonly scheme: string | undefined;
  readonly isWild: boolean;
  /** As browsers write it: in lower case, other scripts as `xn--`. */
  readonly host: string;
  readonly port: string | undefined;
}

function parseDomain(domain: string): Domain | undefined {
  const [, scheme, wildcard, name, port] = DOMAIN.exec(domain.trim()) ?? [];
  const host = name && parseAddress(`https://${name}/`)?.hostname;
  if (!host) return undefined;
  return { scheme: scheme?.toLowerCase(), isWild: wildcard !== undefined, host, port };
}
