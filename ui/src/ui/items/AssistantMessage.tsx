import { useMemo, useReducer } from "preact/hooks";

import { t } from "../../i18n";
import { cited } from "../../markdown/sources";
import type { AssistantItem, Conversation } from "../../state";

import { GrowingProse } from "./Prose";
import { Sources } from "./Sources";

interface Props {
  item: AssistantItem;
  conversation: Conversation;
}

/** What the assistant says, and where it has it from. */
export function AssistantMessage({ item, conversation }: Props) {
  const { parts, stage } = item;
  const annotations = parts.map((part) => part.annotations);
  const sources = useMemo(() => cited(annotations.flat()), annotations);
  const [asked, onCite] = useReducer<number, unknown>((times) => times + 1, 0);
  return (
    <article class={`assistant ${stage}`}>
      <h3 class="sr">{t("log.assistant")}</h3>
      {parts.map((part, at) => (
        <GrowingProse
          key={at}
          // What was cut off doesn't grow any more, though it is not done.
          part={stage === "open" ? part : { ...part, done: true }}
          sources={sources}
          onCite={onCite}
        />
      ))}
      {sources.length > 0 && <Sources key={asked} sources={sources} isOpen={asked > 0} />}
    </article>
  );
}
