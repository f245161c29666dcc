import { StaticMarkdown, Markdown, useMarkdown } from "../../markdown/Markdown";
import type { Conversation, MessagePart } from "../../state";
import type { Source } from "../../wire/types";

import { useUi } from "../context";

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
  const document = useMarkdown(part.text, part.done);
  return (
    <Markdown
      document={document}
      annotations={part.annotations}
      sources={sources}
      streaming={!part.done}
      allowedImageDomains={conversation.thread.value?.allowed_image_domains ?? null}
      onDeeplink={(link) => emit("chatkit.deeplink", link)}
      onCite={onCite}
    />
  );
}
