import { t } from "../../i18n";
import type { AssistantItem, Conversation } from "../../state";

import { GrowingProse } from "./Prose";
import { Sources } from "./Sources";

/** What the assistant says, and where it has it from. */
export function AssistantMessage({
  item,
  conversation,
}: {
  item: AssistantItem;
  conversation: Conversation;
}) {
  return (
    <article class={`assistant ${item.stage}`}>
      <h3 class="sr">{t("log.assistant")}</h3>
      {item.parts.map((part, at) => (
        <GrowingProse key={at} part={part} conversation={conversation} />
      ))}
      <Sources annotations={item.parts.flatMap(({ annotations }) => annotations)} />
    </article>
  );
}
