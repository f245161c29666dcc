/**
 * - `network`: the request may or may not have arrived
 * - `http`: the server refused it
 * - `content_type`: what answers doesn't speak ChatKit
 * - `cut`: the stream had begun, and broke off
 * - `aborted`: we ended it ourselves
 */
type WireErrorKind = "network" | "http" | "content_type" | "cut" | "aborted";

/** A request that failed. `message` is for the log, `told` is the server's word to the user. */
export class WireError extends Error {
  override readonly name = "ChatKitError";
  readonly kind: WireErrorKind;
  /** The server's code where it gives one, else the kind or `http.<status>`. */
  readonly code: string;
  readonly status: number | null;
  /** Seconds to wait, if the server says. */
  readonly retryAfter: number | null;
  readonly told: string | null;

  constructor(
    kind: WireErrorKind,
    message: string,
    more: {
      code?: string | undefined;
      status?: number | undefined;
      retryAfter?: number | null | undefined;
      told?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.status = more.status ?? null;
    this.code = more.code ?? (more.status === undefined ? kind : `http.${more.status}`);
    this.retryAfter = more.retryAfter ?? null;
    this.told = more.told ?? null;
  }
}

/** The error for what `fetch`, or reading its body, threw. */
export function lost(
  kind: "network" | "cut",
  signal: AbortSignal | undefined,
  cause: unknown,
): WireError {
  if (cause instanceof WireError) return cause;
  if (signal?.aborted) return new WireError("aborted", "The request was ended.", { cause });
  const message =
    kind === "cut" ? "The connection broke off in the answer." : "The server can't be reached.";
  return new WireError(kind, message, { cause });
}

/** The error for an answer that is no success. Reads the body, which may be anything. */
export async function refused(response: Response): Promise<WireError> {
  const error = errorObject(await response.text().catch(() => ""));
  const { code, message } = error;
  const detail = [code, message].filter((part) => typeof part === "string").join(": ");
  return new WireError("http", `The server answered ${response.status}. ${detail}`.trim(), {
    status: response.status,
    code: typeof code === "string" ? code : undefined,
    told: typeof message === "string" ? message : undefined,
    retryAfter: seconds(response.headers.get("Retry-After")),
  });
}

/** The error for an answer that is not what was asked for. */
export function notChatKit(response: Response, cause?: unknown): WireError {
  const found = response.headers.get("Content-Type") ?? "nothing";
  return new WireError("content_type", `What answers doesn't speak ChatKit: it sent ${found}.`, {
    cause,
  });
}

function errorObject(body: string): { code?: unknown; message?: unknown } {
  try {
    const error = JSON.parse(body)?.error;
    return typeof error === "object" && error !== null ? error : {};
  } catch {
    return {};
  }
}

/** `Retry-After` as seconds from now; it may be a date. */
function seconds(header: string | null): number | null {
  if (header === null || header.trim() === "") return null;
  const number = Number(header);
  const wait = Number.isNaN(number) ? (Date.parse(header) - Date.now()) / 1000 : number;
  return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : null;
}
