import { useMemo } from "preact/hooks";

import { Markdown, StaticMarkdown } from "../../markdown/Markdown";
import type { Conversation, MessagePart } from "../../state";
import type { Source } from "../../wire/types";

import { useUi } from "../context";

import { useMarkdown } from "./useMarkdown";

/** Markdown that doesn't change: a notice, a disclaimer, a thought. */
export function Prose({ text }: { text: string }) {
  const { emit } = useUi();
  return <StaticMarkdown text={text} onDeeplink={(link) => emit("chatkit.deeplink", link)} />;
}

interface Props {
  part: MessagePart;
  conversation: Conversation;
  /** Of the whole message: what the numbers of citations count. */
  sources: readonly Source[];
  /** Called with the mark of a source that is no address. */
  onCite: (source: Source) => void;
}

/** Markdown of a message, which may still grow. */
export function GrowingProse({ part, conversation, sources, onCite }: Props) {
  const { emit } = useUi();
  const { text, done, annotations } = part;
  const document = useMarkdown(text, done);
  const imageDomains = conversation.thread.value?.allowed_image_domains ?? null;
  // The document shows what it grows by: for a delta, nothing here is rendered again.
  return useMemo(
    () => (
      <Markdown
        document={document}
        annotations={annotations}
        sources={sources}
        streaming={!done}
        allowedImageDomains={imageDomains}
        onDeeplink={(link) => emit("chatkit.deeplink", link)}
        onCite={onCite}
      />
    ),
    [document, annotations, sources, done, imageDomains, emit, onCite],
  );
}
