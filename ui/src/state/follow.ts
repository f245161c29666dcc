import type { EventStream, StreamOptions } from "../wire/client";
import { WireError } from "../wire/errors";
import { asError, asWireError } from "./failure";
import type { Effect } from "./reduce";
import type { ThreadStore } from "./store";

/** Makes the request whose stream is followed. */
export type Opener = (options: StreamOptions) => EventStream;

/**
 * How a stream ended.
 *
 * - `finished`: all that it began is done
 * - `failed`: the server said so; the state has its error
 * - `stopped`: we ended it
 * - `cut`: it broke off
 * - `refused`: it never began
 */
export type StreamEnd =
  | { readonly how: "finished" | "failed" | "stopped" }
  | { readonly how: "cut" | "refused"; readonly error: WireError };

interface Following {
  readonly signal: AbortSignal;
  /** The server has begun to answer. */
  readonly onOpen: () => void;
  /** An event is in the state; `id` if the server numbers them. */
  readonly onEvent: (id: string | null) => void;
  readonly onEffect: (effect: Effect) => void;
}

/** Fold a stream into a store, to its end. Never rejects. What makes no sense is skipped. */
export async function follow(
  open: Opener,
  store: ThreadStore,
  { signal, onOpen, onEvent, onEffect }: Following,
): Promise<StreamEnd> {
  let begun = false;
  let count = 0;
  const broken = (data: Record<string, unknown>) =>
    onEffect({ kind: "log", name: "event.broken", data });
  const options: StreamOptions = {
    signal,
    onBroken: (data) => broken({ data: data.slice(0, 1000) }),
    onOpen: () => {
      begun = true;
      onOpen();
    },
  };
  try {
    for await (const { id, event } of open(options)) {
      count += 1;
      try {
        store.dispatch(event).forEach(onEffect);
      } catch (error) {
        broken({ type: event.type, error: asError(error).message });
      }
      onEvent(id);
    }
  } catch (thrown) {
    const error = asWireError(thrown);
    if (error.kind === "aborted") return { how: "stopped" };
    return { how: begun ? "cut" : "refused", error };
  }
  return count === 0 ? cut("It was empty.") : whole(store);
}

function whole({ state }: ThreadStore): StreamEnd {
  if (state.error) return { how: "failed" };
  if (state.items.at(-1)?.stage === "sending") return cut("It ended before it had the message.");
  const isOpen = state.items.some((item) => item.stage === "open");
  return isOpen ? cut("It ended in the middle of an item.") : { how: "finished" };
}

function cut(detail: string): StreamEnd {
  return { how: "cut", error: new WireError("cut", `The answer broke off. ${detail}`) };
}
