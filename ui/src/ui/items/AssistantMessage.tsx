import { useReducer, useRef } from "preact/hooks";

import { t } from "../../i18n";
import { cited } from "../../markdown/sources";
import type { AssistantItem, MessagePart } from "../../state";
import type { Annotation, Source } from "../../wire/types";

import { GrowingProse } from "./Prose";
import { Sources } from "./Sources";

/** What the assistant says, and where it has it from. */
export function AssistantMessage({ item }: { item: AssistantItem }) {
  const { parts, stage } = item;
  const sources = useSources(parts);
  const [asked, onCite] = useReducer<number, unknown>((times) => times + 1, 0);
  return (
    <article class={`assistant ${stage}`}>
      <h3 class="sr">{t("log.assistant")}</h3>
      {parts.map((part, at) => (
        <GrowingProse
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
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

interface Shown {
  readonly annotations: readonly (readonly Annotation[])[];
  readonly sources: readonly Source[];
}

/** What the parts have from elsewhere: the same list as long as none has it from somewhere else. */
function useSources(parts: readonly MessagePart[]): readonly Source[] {
  const shown = useRef<Shown>({ annotations: [], sources: [] });
  const annotations = parts.map((part) => part.annotations);
  const before = shown.current.annotations;
  const isSame =
    before.length === annotations.length && before.every((list, at) => list === annotations[at]);
  if (!isSame) shown.current = { annotations, sources: cited(annotations.flat()) };
  return shown.current.sources;
}
