/**
 * What a Markdown text shows, as plain data: the same for two ways of lexing that a reader
 * could not tell apart.
 */

import { lex } from "../../../src/markdown/lexer";
import type { MarkdownDocument } from "../../../src/markdown/stream";
import { type BlockToken, blocks, type InlineToken, inlines } from "../../../src/markdown/tokens";

export type Outline = (string | Outline)[];

/** An outline without the addresses of links: those of a definition that is still being written. */
export function withoutAddresses(outline: Outline): Outline {
  return outline.map((part) => {
    if (typeof part === "string") return part;
    const isLink = part[0] === "link" || part[0] === "image";
    return withoutAddresses(isLink ? [part[0]!, ...part.slice(3)] : part);
  });
}

/** The outline of what a document shows now. */
export function shown(document: MarkdownDocument): Outline {
  const all = [...document.sealed.value, ...document.tail.value];
  return all.map(({ token }) => block(token));
}

/** The outline of a text that is lexed at once. */
export function fresh(text: string): Outline {
  const { tokens } = lex(text);
  return tokens.filter(({ type }) => type !== "space" && type !== "def").map(block);
}

function content(token: { tokens?: unknown[] }): Outline {
  return blocks(token)
    .filter(({ type }) => !["space", "def", "checkbox"].includes(type))
    .map(block);
}

function block(token: BlockToken): Outline {
  switch (token.type) {
    case "paragraph":
    case "text":
      return ["p", ...run(token)];
    case "heading":
      return [`h${token.depth}`, ...run(token)];
    case "code":
      return ["code", token.lang ?? "", token.chunks.join("\n"), String(token.closed)];
    case "list":
      return [
        `${token.ordered ? `ol ${token.start}` : "ul"}${token.loose ? " loose" : ""}`,
        ...token.items.map((item) => [`li ${item.task ? item.checked : ""}`, ...content(item)]),
      ];
    case "table":
      return [
        `table ${token.align.join()}`,
        ...[token.header, ...token.rows].map((row) => row.map((cell) => run(cell))),
      ];
    case "blockquote":
      return ["quote", ...content(token)];
    case "math":
      return ["math", token.tex, String(token.closed)];
    case "html":
      return ["html", token.text.trimEnd()];
    default:
      return [token.type];
  }
}

function run(token: { tokens?: unknown[] }): Outline {
  const parts: Outline = [];
  for (const child of inlines(token)) {
    const part = inline(child);
    const last = parts.at(-1);
    if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
    else if (part !== "") parts.push(part);
  }
  // White space at the start of a block is not shown
  if (typeof parts[0] === "string") parts[0] = parts[0].trimStart();
  return parts;
}

function inline(token: InlineToken): string | Outline {
  switch (token.type) {
    case "text":
    case "html":
      return token.raw;
    case "escape":
      return token.text;
    case "link":
    case "image":
      return [token.type, token.href, token.title ?? "", ...run(token)];
    case "em":
    case "strong":
    case "del":
      return [token.type, ...run(token)];
    case "codespan":
      return ["codespan", token.text];
    case "math":
      return ["math", token.tex, String(token.display)];
    case "checkbox":
      return "";
    default:
      return [token.type];
  }
}
