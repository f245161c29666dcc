import { isSameOrigin } from "./origin";

/** Tells a Chatkeep server that this client can be asked to stop, and can follow a turn. */
const HEADER: Readonly<Record<string, string>> = { "Chatkeep-Live": "1" };

/** By endpoint, whether it takes the header: known once it has answered. */
const taken = new Map<string, boolean>();

/** What to send beside a request's own headers. */
export function liveHeaders(url: string): Readonly<Record<string, string>> {
  return taken.get(url) === false ? {} : HEADER;
}

/** The endpoint has answered a request that had the headers. */
export function liveAnswered(url: string): void {
  if (!taken.has(url)) taken.set(url, true);
}

/**
 * Whether a request failed because of the header, which then isn't sent any more.
 *
 * A server of another origin must allow it (CORS), and one that is not Chatkeep may not: browsers
 * then send nothing, and don't say why. `ask` makes a request that changes nothing, with headers.
 */
export async function refusesLive(
  url: string,
  ask: (headers: Readonly<Record<string, string>>) => Promise<unknown>,
): Promise<boolean> {
  const isForeign = globalThis.location !== undefined && !isSameOrigin(url);
  if (!isForeign || taken.has(url)) return false;
  const isAnswered = (headers: typeof HEADER) =>
    ask(headers).then(
      () => true,
      () => false,
    );
  // The one without comes first, so that a server that comes back in between isn't mistaken.
  const isRefused = (await isAnswered({})) && !(await isAnswered(HEADER));
  if (isRefused) taken.set(url, false);
  return isRefused;
}
