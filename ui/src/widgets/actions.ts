import { useState } from "preact/hooks";

import type { WidgetAction } from "../state";

import { useSurroundings } from "./context";
import { choice, record } from "./fields";

const BEHAVIORS = ["auto", "none", "self", "container"] as const;

/** An action as the node that it is bound to sees it. */
export interface BoundAction {
  /** It is under way, and shows on the node itself. */
  readonly isRunning: boolean;
  /** It can't be begun now. */
  readonly isBlocked: boolean;
  /** Resolves to whether it went well; to false, at once, if it is blocked. */
  readonly run: () => Promise<boolean>;
}

/**
 * Bind an action of a node; null if there is none.
 *
 * @param auto What the loading behaviour `auto` means for this node.
 */
export function useAction(given: unknown, auto: "self" | "container"): BoundAction | null {
  const { act, hold, isHeld, isAnswering } = useSurroundings();
  const [isRunning, setRunning] = useState(false);
  const action = readAction(given);
  if (!action) return null;
  const { loadingBehavior } = action;
  const shows = loadingBehavior === "auto" ? auto : loadingBehavior;
  const waits = isAnswering && action.handler === "server" && action.streaming;
  const isBlocked = isRunning || isHeld || waits;
  const run = async () => {
    if (isBlocked) return false;
    const show = shows === "self" ? setRunning : shows === "container" ? hold : () => {};
    show(true);
    try {
      return await act(action);
    } finally {
      show(false);
    }
  };
  return { isRunning, isBlocked, run };
}

/** An action with the defaults of `ActionConfig`; null if it is none. */
function readAction(value: unknown): Required<WidgetAction> | null {
  const { type, payload, handler, loadingBehavior, streaming } = record(value) ?? {};
  if (typeof type !== "string") return null;
  return {
    type,
    payload,
    handler: choice(handler, ["server", "client"], "server"),
    loadingBehavior: choice(loadingBehavior, BEHAVIORS, "auto"),
    streaming: streaming !== false,
  };
}
