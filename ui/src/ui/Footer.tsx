import { useRef } from "preact/hooks";
import { Boundary } from "../parts/Boundary";
import type { Conversation, QuestionsItem } from "../state";
import { ClosedBanner } from "./composer/ClosedBanner";
import { Composer } from "./composer/Composer";
import { Questions, type QuestionsProps } from "./composer/Questions";
import { useUi } from "./context";
import { BrokenItem } from "./items/BrokenItem";
import { Prose } from "./items/Prose";

/** Below the messages: where the user says something, in whatever way is asked for. */
export function Footer({ conversation }: { conversation: Conversation }) {
  const { chat, options, pageImages } = useUi();
  const questions = conversation.questions.value;
  const restriction = chat.restriction.value;
  const { disclaimer } = options.value;
  const frame = useRef<HTMLElement>(null);
  // While rendering, the page is as it was before.
  const root = frame.current?.getRootNode() as Document | ShadowRoot | undefined;
  const isInUse = root?.activeElement != null;
  return (
    <footer class="footer" ref={frame}>
      <div class="column">
        {questions ? (
          <Asked key={questions.id} item={questions} isInUse={isInUse} />
        ) : restriction?.type === "closed" ? (
          <ClosedBanner reason={restriction.reason} />
        ) : (
          <Composer lock={restriction} />
        )}
        {disclaimer?.text && (
          <div class={`disclaimer ${disclaimer.highContrast ? "high-contrast" : ""}`}>
            <Prose text={disclaimer.text} images={pageImages.value} />
          </div>
        )}
      </div>
    </footer>
  );
}

class Asked extends Boundary<QuestionsProps, QuestionsItem> {
  protected override value({ item }: QuestionsProps) {
    return item;
  }

  protected override show(_item: QuestionsItem, props: QuestionsProps) {
    return <Questions {...props} />;
  }

  protected override instead(item: QuestionsItem, error: unknown) {
    return <BrokenItem item={item} error={error} />;
  }
}
