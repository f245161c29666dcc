import type { Signal } from "@preact/signals";
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";

import { t } from "../i18n";
import type { Conversation } from "../state";

import { useUi } from "./context";

/** Have screen readers say something. */
export function announce(status: Signal<string>, text: string): void {
  // What is said twice in a row is a change only if the text differs.
  status.value = status.peek() === text ? `${text}\u00a0` : text;
}

/**
 * Says that an answer begins and that it has ended: the log itself is not live, as nobody wants
 * to hear an answer by pieces of words.
 */
export function Announcer({ conversation }: { conversation: Conversation }) {
  const { status } = useUi();
  const began = useRef(false);
  const stopped = useRef(false);
  useSignalEffect(() => {
    const phase = conversation.phase.value;
    if (phase === "stopping") stopped.current = true;
    if (phase !== "idle" && !began.current) {
      began.current = true;
      announce(status, t("status.responding"));
    } else if (phase === "idle" && began.current) {
      announce(status, t(ending(stopped.current, conversation.failure.peek() !== null)));
      began.current = stopped.current = false;
    }
  });
  return (
    <div class="sr" role="status">
      {status.value}
    </div>
  );
}

function ending(stopped: boolean, failed: boolean) {
  if (failed) return "status.failed";
  return stopped ? "status.stopped" : "status.done";
}
