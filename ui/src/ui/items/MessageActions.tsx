import type { ReadonlySignal } from "@preact/signals";

import { t } from "../../i18n";
import { CopyButton } from "../../parts/CopyButton";
import { IconButton } from "../../parts/IconButton";
import type { AssistantItem, Conversation, Item } from "../../state";
import type { FeedbackKind } from "../../wire/types";
import { announce } from "../announce";
import { useUi } from "../context";

interface Props {
  items: readonly ReadonlySignal<Item>[];
  conversation: Conversation;
}

/** What can be done with a finished answer. */
export function MessageActions({ items, conversation }: Props) {
  const { chat, options, status, returnToComposer } = useUi();
  const { feedback, retry } = options.value.threadItemActions;
  const shown = items.map((item) => item.value);
  const answers = shown.filter(({ type }) => type === "assistant_message") as AssistantItem[];
  const rated = shown.filter(({ type }) => RATED.has(type)).map(({ id }) => id);
  const mayRate = feedback && rated.length > 0;
  const question = shown.find(({ type }) => type === "user_message");
  const isAnswered = shown.some(({ type }) => type !== "user_message");
  const asked = conversation.questions.value?.id;
  const isWaiting = shown.some(({ id }) => id === asked);
  // What failed in sight of the user can be tried again where that is told.
  const hasEnded = isAnswered
    ? !isWaiting
    : question?.stage === "done" && !conversation.failure.value;
  const isOpen = !conversation.responding.value && !chat.restriction.value;
  const mayRetry = retry && question && hasEnded && isOpen;
  const text = answers.map(plainText).filter(Boolean).join("\n\n");
  if (!text && !mayRate && !mayRetry) return null;
  return (
    <div class="actions" role="group" aria-label={t("message.actions")}>
      {text && (
        <CopyButton
          text={() => text}
          label={t("message.copy")}
          copiedLabel={t("code.copied")}
          size={17}
          onCopied={() => announce(status, t("status.copied"))}
        />
      )}
      {mayRate && <Feedback ids={rated} conversation={conversation} />}
      {mayRetry && (
        <IconButton
          class="small"
          icon="reload"
          size={17}
          label={t("message.retry")}
          onClick={() => {
            void chat.retry(question.id);
            returnToComposer(); // while it is answered again, this button is not here
          }}
        />
      )}
    </div>
  );
}

const RATED: ReadonlySet<Item["type"]> = new Set([
  "assistant_message",
  "widget",
  "generated_image",
]);

function plainText({ parts }: AssistantItem): string {
  return parts.map(({ text }) => text.toString()).join("\n\n");
}

function Feedback({ ids, conversation }: { ids: readonly string[]; conversation: Conversation }) {
  const { chat } = useUi();
  const given = conversation.ratings.value.get(ids.at(-1)!);
  const button = (kind: FeedbackKind, icon: "thumb-up" | "thumb-down", label: string) => (
    <IconButton
      class="small"
      icon={icon}
      size={17}
      label={label}
      aria-pressed={given === kind}
      onClick={() => void chat.rate(ids, kind)}
    />
  );
  return (
    <>
      {button("positive", "thumb-up", t("message.good"))}
      {button("negative", "thumb-down", t("message.bad"))}
    </>
  );
}
