import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "../i18n";
import { CopyButton } from "../parts/CopyButton";
import type { Span } from "./highlight";
import { Still } from "./still";
import type { CodeToken } from "./tokens";

interface Props {
  token: CodeToken;
  /** The code will not grow, though its fence is not closed. */
  complete: boolean;
}

/** A code block. It is coloured once, when it is complete. */
export function CodeBlock({ token, complete }: Props): JSX.Element {
  const { chunks } = token;
  const language = token.lang?.split(/[\s,{]/, 1)[0] ?? "";
  const code = token.closed || complete ? chunks.join("\n") : undefined;
  const spans = useHighlight(code, language);
  const name = language ? `${t("code.label")}: ${language}` : t("code.label");
  return (
    <div class="code" dir="ltr">
      <div class="code-head">
        <span class="code-language">{language || t("code.label")}</span>
        <CopyButton
          text={() => chunks.join("\n")}
          label={t("code.copy")}
          copiedLabel={t("code.copied")}
          size={16}
        />
      </div>
      <pre tabIndex={0} role="group" aria-label={name}>
        <code>{spans ? spans.map(spanNode) : chunkNodes(chunks)}</code>
      </pre>
    </div>
  );
}

function chunkNodes(chunks: readonly string[]): ComponentChildren {
  const last = chunks.length - 1;
  return chunks.map((text, i) => <Chunk key={i} text={text} last={i === last} />);
}

/** Lines that are laid out apart from the others, so that a long block costs what its end does. */
class Chunk extends Still<{ text: string; last: boolean }> {
  override render({ text, last }: { text: string; last: boolean }) {
    return <span class="chunk">{last ? text : `${text}\n`}</span>;
  }
}

function spanNode(span: Span): ComponentChildren {
  if (typeof span === "string") return span;
  return <span class={scopeClass(span.scope)}>{span.children.map(spanNode)}</span>;
}

/** `title.function` is a kind and what modifies it. */
function scopeClass(scope = ""): string | undefined {
  if (!scope || scope.startsWith("language:")) return undefined;
  const [kind, ...modifiers] = scope.split(".");
  return [`hl-${kind}`, ...modifiers.map((modifier) => `hl-${modifier}-`)].join(" ");
}

/** The coloured code, once there is any. */
function useHighlight(code: string | undefined, language: string): Span[] | undefined {
  const [done, setDone] = useState<{ code: string; spans: Span[] }>();
  useEffect(() => {
    if (code === undefined || !language) return;
    let wanted = true;
    import("./highlight")
      .then(({ highlight }) => highlight(code, language))
      .then((spans) => wanted && spans && setDone({ code, spans }))
      .catch(() => undefined); // what is missing is only colour
    return () => void (wanted = false);
  }, [code, language]);
  return done && done.code === code ? done.spans : undefined;
}
