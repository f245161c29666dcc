import { useLayoutEffect, useState } from "preact/hooks";

import { Markdown } from "../../markdown/Markdown";
import { MarkdownDocument } from "../../markdown/stream";
import { useSurroundings } from "../context";
import { text } from "../fields";

import type { NodeProps } from "./props";

/** Markdown. What is added to its end is all that is read again. */
export function MarkdownNode({ node }: NodeProps) {
  const { imageDomains, onDeeplink } = useSurroundings();
  const value = text(node["value"]);
  const [document] = useState(() => new MarkdownDocument(value));
  useLayoutEffect(() => {
    if (value === document.text) return;
    if (value.startsWith(document.text)) document.append(value.slice(document.text.length));
    else document.replace(value);
  }, [document, value]);
  return (
    <Markdown
      document={document}
      streaming={node["streaming"] === true}
      allowedImageDomains={imageDomains}
      onDeeplink={onDeeplink}
    />
  );
}
