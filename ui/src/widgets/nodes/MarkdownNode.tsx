import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { Markdown } from "../../markdown/Markdown";
import { MarkdownDocument } from "../../markdown/stream";
import { useSurroundings } from "../context";
import { text } from "../fields";

import type { NodeProps } from "./props";

/** Markdown. What is added to its end is all that is read again. */
export function MarkdownNode({ node }: NodeProps) {
  const { images, onDeeplink } = useSurroundings();
  return (
    <Markdown
      document={useDocument(text(node["value"]), node["streaming"] === false)}
      streaming={node["streaming"] === true}
      images={images}
      onDeeplink={onDeeplink}
    />
  );
}

function useDocument(value: string, isDone: boolean): MarkdownDocument {
  const [document] = useState(() => new MarkdownDocument(value));
  const hasGrown = useRef(false);
  useLayoutEffect(() => {
    const { text: shown } = document;
    if (isDone && hasGrown.current) document.finish(value);
    else if (!value.startsWith(shown)) document.replace(value);
    else if (value !== shown) document.append(value.slice(shown.length));
    hasGrown.current = !isDone && (hasGrown.current || value !== shown);
  }, [document, value, isDone]);
  return document;
}
