/** Recordings, folded as the element folds them. */

import { begun, ended, upTo, withToolOutput } from "../../../src/state/edits";
import type { Effect, ThreadState } from "../../../src/state/reduce";
import { EMPTY, reduce } from "../../../src/state/reduce";
import { SseParser } from "../../../src/wire/sse";
import type { SyncCustomActionResponse, Thread, ThreadStreamEvent } from "../../../src/wire/types";
import type { Exchange, Recording } from "../../fixtures/recordings";
import { isStream } from "../../fixtures/recordings";

export interface Replayed {
  readonly state: ThreadState;
  readonly effects: readonly Effect[];
}

/** The events of a recorded stream. */
export function eventsOf({ body }: Exchange): ThreadStreamEvent[] {
  const parser = new SseParser();
  const frames = [...parser.feed(new TextEncoder().encode(body)), ...parser.end()];
  return frames.map(({ data }) => JSON.parse(data) as ThreadStreamEvent);
}

/**
 * Fold a whole recording.
 *
 * @param see Called before each event with the state so far.
 */
export function replay(
  recording: Recording,
  see: (state: ThreadState, event: ThreadStreamEvent) => void = () => {},
): Replayed {
  let state = EMPTY;
  const effects: Effect[] = [];
  const fold = (event: ThreadStreamEvent) => {
    see(state, event);
    const step = reduce(state, event);
    state = step.state;
    effects.push(...step.effects);
  };
  for (const exchange of recording.exchanges) {
    state = asked(state, exchange);
    if (isStream(exchange)) {
      eventsOf(exchange).forEach(fold);
      state = ended(state);
    } else answersAtOnce(exchange).forEach(fold);
  }
  return { state, effects };
}

/** What a request does to the state before it is answered. */
function asked(state: ThreadState, { request, status }: Exchange): ThreadState {
  if (status !== 200) return state;
  switch (request.type) {
    case "threads.retry_after_item":
      return begun(upTo(state, request.params.item_id));
    case "threads.add_client_tool_output": {
      const call = state.items.findLast((item) => item.type === "client_tool_call");
      return withToolOutput(begun(state), call?.id ?? "", request.params.result);
    }
    case "threads.create":
    case "threads.add_user_message":
    case "threads.add_structured_input":
    case "threads.custom_action":
      return begun(state);
    default:
      return state;
  }
}

/** What an answer that is no stream means, as events. */
function answersAtOnce({ request, status, body }: Exchange): ThreadStreamEvent[] {
  if (status !== 200) return [];
  if (request.type === "threads.sync_custom_action") {
    const { updated_item: item } = JSON.parse(body) as SyncCustomActionResponse;
    return item ? [{ type: "thread.item.replaced", item }] : [];
  }
  if (request.type === "threads.update") {
    return [{ type: "thread.updated", thread: JSON.parse(body) as Thread }];
  }
  return [];
}
