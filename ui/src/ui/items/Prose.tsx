import { useMemo } from "preact/hooks";

import { Markdown, StaticMarkdown } from "../../markdown/Markdown";
import type { ImageRules } from "../../parts/images";
import type { MessagePart } from "../../state";
import type { Source } from "../../wire/types";

import { useUi } from "../context";

import { useMarkdown } from "./useMarkdown";

interface TextProps {
  text: string;
  /** Which images are shown, if other ones than in the conversation that is shown. */
  images?: ImageRules;
}

/** Markdown that doesn't change: a notice, a disclaimer, a thought. */
export function Prose({ text, images }: TextProps) {
  const ui = useUi();
  return (
    <StaticMarkdown
      text={text}
      images={images ?? ui.images.value}
      onDeeplink={(link) => ui.emit("chatkit.deeplink", link)}
    />
  );
}

interface Props {
  part: MessagePart;
  /** Of the whole message: what the numbers of citations count. */
  sources: readonly Source[];
  /** Called with the mark of a source that is no address. */
  onCite: (source: Source) => void;
}

/** Markdown of a message, which may still grow. */
export function GrowingProse({ part, sources, onCite }: Props) {
  const ui = useUi();
  const { text, done, annotations } = part;
  const document = useMarkdown(text, done);
  const images = ui.images.value;
  const { emit } = ui;
  // The document shows what it grows by: for a delta, nothing here is rendered again.
  return useMemo(
    () => (
      <Markdown
        document={document}
        annotations={annotations}
        sources={sources}
        streaming={!done}
        images={images}
        onDeeplink={(link) => emit("chatkit.deeplink", link)}
        onCite={onCite}
      />
    ),
    [document, annotations, sources, done, images, emit, onCite],
  );
}
