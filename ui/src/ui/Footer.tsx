import type { Conversation } from "../state";

import { Composer } from "./composer/Composer";
import { ClosedBanner } from "./composer/ClosedBanner";
import { Questions } from "./composer/Questions";
import { Prose } from "./items/Prose";
import { useUi } from "./context";

/** Below the messages: where the user says something, in whatever way is asked for. */
export function Footer({ conversation }: { conversation: Conversation }) {
  const { chat, options } = useUi();
  const questions = conversation.questions.value;
  const restriction = chat.restriction.value;
  const { disclaimer } = options.value;
  return (
    <footer class="footer">
      <div class="column">
        {questions ? (
          <Questions key={questions.id} item={questions} />
        ) : restriction?.type === "closed" ? (
          <ClosedBanner reason={restriction.reason} />
        ) : (
          <Composer lock={restriction} />
        )}
        {disclaimer?.text && (
          <div class={`disclaimer ${disclaimer.highContrast ? "high-contrast" : ""}`}>
            <Prose text={disclaimer.text} />
          </div>
        )}
      </div>
    </footer>
  );
}
