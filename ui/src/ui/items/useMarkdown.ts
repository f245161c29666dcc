import { useLayoutEffect, useRef } from "preact/hooks";

import { MarkdownDocument } from "../../markdown/stream";
import type { TextBuffer } from "../../state";

/** A document that shows a text, and goes on with it as it grows. */
export function useMarkdown(text: TextBuffer, done: boolean): MarkdownDocument {
  const state = useRef<{ document: MarkdownDocument; shown: TextBuffer; done: boolean }>(null);
  state.current ??= { document: new MarkdownDocument(text.toString()), shown: text, done };
  const { document } = state.current;
  useLayoutEffect(() => {
    const { shown, done: wasDone } = state.current!;
    state.current = { document, shown: text, done };
    if (done && !wasDone) document.finish(text.toString());
    else if (text.continues(shown)) document.append(text.since(shown.length));
    else document.replace(text.toString());
  }, [document, text, done]);
  return document;
}
