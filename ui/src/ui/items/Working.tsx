import { useComputed } from "@preact/signals";

import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import type { Conversation, Item } from "../../state";

/** Says that an answer is under way, as long as nothing else in view does. */
export function Working({ conversation }: { conversation: Conversation }) {
  const silent = useComputed(() => {
    const last = conversation.items.value.at(-1)?.value;
    return conversation.responding.value && !(last && showsWork(last));
  }).value;
  const progress = conversation.progress.value;
  if (!conversation.responding.value || (!silent && !progress)) return null;
  if (!progress) {
    return (
      <p class="work-line">
        <span class="pulse" />
        <span class="sr">{t("workflow.working")}</span>
      </p>
    );
  }
  return (
    <p class="work-line">
      <Icon name={progress.icon ?? "spinner"} size={18} />
      <span class="shimmer" dir="auto">
        {progress.text}
      </span>
    </p>
  );
}

function showsWork(item: Item): boolean {
  if (item.stage !== "open") return item.type === "client_tool_call" && item.status === "pending";
  return item.type !== "assistant_message" || item.parts.some(({ text }) => text.length > 0);
}
