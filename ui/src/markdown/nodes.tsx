/**
 * Tokens to nodes. Only what is named here can come out of a text: raw HTML is shown as text,
 * and addresses pass the lists of `url`.
 */

import type { ComponentChildren, JSX } from "preact";

import { linkProps, linkTarget } from "../parts/links";
import { CiteMark } from "./cite";
import { CodeBlock } from "./code";
import { decoded } from "./entities";
import { type Marked, withMarks } from "./insert";
import { Formula } from "./math";
import { Picture } from "./Picture";
import { Still } from "./still";
import { Table } from "./table";
import { type BlockToken, blocks, type InlineToken, inlines, type Tokens } from "./tokens";
import type { Scope } from "./view";

/** Siblings beyond so many are rendered in groups, of which only those that changed are again. */
const GROUP = 32;

/** The message's own heading stands above those within it. */
const HEADING_BELOW = 3;

/**
 * A block at the top runs in the direction of its first words, and all within it runs with it:
 * what had a direction of its own would not count for the whole.
 */
type Direction = "auto" | undefined;

/** The node for a block at the top of a text. */
export function blockNode(token: BlockToken, scope: Scope): ComponentChildren {
  return citedBlock(token, scope, "auto");
}

/** Nodes for the blocks that another holds. */
function blockNodes(tokens: readonly BlockToken[], scope: Scope): ComponentChildren[] {
  return tokens.map((token) => citedBlock(token, scope));
}

function citedBlock(token: BlockToken, scope: Scope, dir?: Direction): ComponentChildren {
  const node = bareBlock(token, scope, dir);
  const cites = scope.marks.after.get(token);
  if (!cites) return node;
  return [
    node,
    <p>
      {cites.map((cite, key) => (
        <CiteMark key={key} cite={cite} view={scope.view} />
      ))}
    </p>,
  ];
}

function bareBlock(token: BlockToken, scope: Scope, dir: Direction): ComponentChildren {
  switch (token.type) {
    case "paragraph":
    case "text":
      return <p dir={dir}>{inlineNodes(inlines(token), scope)}</p>;
    case "heading":
      return heading(token, scope, dir);
    case "code":
      return <CodeBlock token={token} complete={scope.complete} />;
    case "list":
      return list(token, scope, dir);
    case "table":
      return table(token, scope, dir);
    case "blockquote":
      return <blockquote dir={dir}>{blockNodes(blocks(token), scope)}</blockquote>;
    case "hr":
      return <hr />;
    case "math":
      return <Formula token={token} />;
    case "html":
      return (
        <p class="html" dir={dir}>
          {token.text.trimEnd()}
        </p>
      );
    case "checkbox": // shown by its item
    case "def":
    case "space":
      return null;
  }
}

function heading(token: Tokens.Heading, scope: Scope, dir: Direction): JSX.Element {
  const Tag = `h${Math.min(6, token.depth + HEADING_BELOW)}` as "h4";
  return (
    <Tag class={`h${token.depth}`} dir={dir}>
      {inlineNodes(inlines(token), scope)}
    </Tag>
  );
}

function list(token: Tokens.List, scope: Scope, dir: Direction): JSX.Element {
  const items = siblings(token.items, scope, listItem);
  const spacing = token.loose ? "loose" : "tight";
  if (token.ordered) {
    return (
      <ol class={spacing} dir={dir} start={token.start === "" ? 1 : token.start}>
        {items}
      </ol>
    );
  }
  return (
    <ul class={spacing} dir={dir}>
      {items}
    </ul>
  );
}

function listItem(item: Tokens.ListItem, key: number, scope: Scope): JSX.Element {
  const content = blockNodes(blocks(item), scope);
  if (!item.task) return <li key={key}>{content}</li>;
  return (
    <li key={key} class="task">
      <input type="checkbox" checked={item.checked} disabled aria-label={saying(item)} />
      <div>{content}</div>
    </li>
  );
}

/** What a task's first line says. */
function saying(item: Tokens.ListItem): string {
  const first = blocks(item).find(({ type }) => type === "text" || type === "paragraph");
  return plainText(inlines((first ?? {}) as { tokens?: unknown[] }))
    .split("\n", 1)[0]!
    .trim();
}

function table(token: Tokens.Table, scope: Scope, dir: Direction): JSX.Element {
  return (
    <Table rows={token.rows.length} dir={dir}>
      {[
        <thead key="head">{tableRow(token.header, 0, scope)}</thead>,
        ...groups(token.rows, 0, scope, tableRow, "tbody"),
      ]}
    </Table>
  );
}

function tableRow(cells: readonly Tokens.TableCell[], key: number, scope: Scope): JSX.Element {
  return (
    <tr key={key}>
      {cells.map((cell) => {
        const Tag = cell.header ? "th" : "td";
        return (
          <Tag class={cell.align ?? undefined} scope={cell.header ? "col" : undefined}>
            {inlineNodes(inlines(cell), scope)}
          </Tag>
        );
      })}
    </tr>
  );
}

type Render<T> = (item: T, key: number, scope: Scope) => ComponentChildren;

interface GroupProps<T> {
  items: readonly T[];
  scope: Scope;
  content: Render<T>;
  tag?: "tbody";
}

class Group<T> extends Still<GroupProps<T>> {
  override render({ items, scope, content, tag: Tag }: GroupProps<T>): ComponentChildren {
    const nodes = items.map((item, key) => content(item, key, scope));
    return Tag ? <Tag>{nodes}</Tag> : nodes;
  }
}

/** Siblings, the ones beyond the first few in groups: a long row of them costs what its end does. */
function siblings<T>(items: readonly T[], scope: Scope, content: Render<T>): ComponentChildren[] {
  const first = items.length > GROUP ? items.slice(0, GROUP) : items;
  return [
    ...first.map((item, key) => content(item, key, scope)),
    ...groups(items, GROUP, scope, content),
  ];
}

/** Groups of siblings, from one of them on. */
function groups<T>(
  items: readonly T[],
  from: number,
  scope: Scope,
  content: Render<T>,
  tag?: "tbody",
) {
  const nodes: JSX.Element[] = [];
  for (let first = from; first < items.length; first += GROUP) {
    const members = items.slice(first, first + GROUP);
    const props = tag ? { tag } : {};
    nodes.push(
      <Group key={`from ${first}`} items={members} scope={scope} content={content} {...props} />,
    );
  }
  return nodes;
}

/** Nodes for a run of inline tokens, with the citations that stand in it. */
function inlineNodes(run: readonly InlineToken[], scope: Scope): ComponentChildren {
  const cites = scope.marks.runs.get(run);
  if (cites) return markedNodes(withMarks(run, cites), scope);
  if (run.length === 1) return markedNodes(run, scope);
  return siblings(run, scope, markedNode);
}

/** Most runs are one text, which needs no list: over a long thread that is a megabyte. */
function markedNodes(tokens: readonly Marked[], scope: Scope): ComponentChildren {
  if (tokens.length === 1) return markedNode(tokens[0]!, 0, scope);
  return tokens.map((token, key) => markedNode(token, key, scope));
}

function markedNode(token: Marked, key: number, scope: Scope): ComponentChildren {
  switch (token.type) {
    case "text":
      return decoded(token.raw);
    case "escape":
      return token.text;
    case "strong":
      return <strong>{markedNodes(inlines(token), scope)}</strong>;
    case "em":
      return <em>{markedNodes(inlines(token), scope)}</em>;
    case "del":
      return <del>{markedNodes(inlines(token), scope)}</del>;
    case "codespan":
      return <code dir="ltr">{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return link(token, scope);
    case "image":
      return image(token, scope);
    case "math":
      return <Formula token={token} />;
    case "html":
      return /^<br *\/?>$/i.test(token.raw) ? <br /> : token.raw;
    case "cite":
      return <CiteMark key={key} cite={token.cite} view={scope.view} />;
    case "checkbox":
      return null;
  }
}

function link(token: Tokens.Link, scope: Scope): ComponentChildren {
  const content = markedNodes(inlines(token), { ...scope, inLink: true });
  const target = linkTarget(token.autolink ? token.href : decoded(token.href));
  if (!target) return content;
  const title = token.title ? decoded(token.title) : undefined;
  return (
    <a {...linkProps(target, scope.view.onDeeplink)} title={title}>
      {content}
    </a>
  );
}

function image(token: Tokens.Image, scope: Scope): ComponentChildren {
  return (
    <Picture
      href={decoded(token.href)}
      alt={plainText(inlines(token))}
      title={token.title ? decoded(token.title) : undefined}
      isInLink={scope.inLink ?? false}
      images={scope.view.images}
    />
  );
}

/** The text of inline tokens, without what they look like. */
function plainText(tokens: readonly InlineToken[]): string {
  return tokens
    .map((token) => {
      if (token.type === "text") return decoded(token.raw);
      if ("tokens" in token && token.tokens) return plainText(inlines(token));
      return "text" in token ? token.text : "";
    })
    .join("");
}
