import type { Conversation, QuestionsItem } from "../state";

import { Boundary } from "./Boundary";
import { Composer } from "./composer/Composer";
import { ClosedBanner } from "./composer/ClosedBanner";
import { Questions } from "./composer/Questions";
import { BrokenItem } from "./items/BrokenItem";
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
          <Asked key={questions.id} item={questions} />
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

class Asked extends Boundary<{ item: QuestionsItem }, QuestionsItem> {
  protected override value({ item }: { item: QuestionsItem }) {
    return item;
  }

  protected override show(item: QuestionsItem) {
    return <Questions item={item} />;
  }

  protected override instead(item: QuestionsItem, error: unknown) {
    return <BrokenItem item={item} error={error} />;
  }
}
