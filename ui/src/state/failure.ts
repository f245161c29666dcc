import { WireError } from "../wire/errors";
import type { ErrorEvent } from "../wire/types";
import type { Failure } from "./model";

/** An answer that failed, as the page's `error` listeners get it. */
export class TurnError extends Error {
  override readonly name = "ChatKitError";
  readonly code: string;
  /** Under which the server's log says more. */
  readonly errorId: string | null;

  constructor(event: ErrorEvent) {
    super(event.message ?? "The answer failed.");
    this.code = event.reason ?? event.code;
    this.errorId = event.error_id ?? null;
  }
}

/** What a request's error is to the user; null for what the user ended. */
export function wireFailure(error: WireError, retry: (() => void) | null): Failure | null {
  if (error.kind === "aborted") return null;
  const { kind, code, status, retryAfter, told } = error;
  return { kind, code, message: told, status, retryAfter, retry };
}

/** What an `error` event is to the user. */
export function turnFailure(event: ErrorEvent, retry: () => void): Failure {
  return {
    kind: "turn",
    code: event.reason ?? event.code,
    message: event.message ?? null,
    status: null,
    retryAfter: null,
    retry: event.allow_retry ? retry : null,
  };
}

/** What a client tool's failure is to the user. */
export function toolFailure(code: "tool.failed" | "tool.missing", retry: () => void): Failure {
  return { kind: "tool", code, message: null, status: null, retryAfter: null, retry };
}

/** Whether a request that failed may have done its work all the same. */
export function mayHaveArrived(error: WireError): boolean {
  return error.kind !== "content_type" && (error.status === null || error.status >= 500);
}

/** Anything that was thrown, as an error that can be told. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Anything that a request threw. */
export function asWireError(thrown: unknown): WireError {
  if (thrown instanceof WireError) return thrown;
  return new WireError("network", asError(thrown).message, { cause: thrown });
}
