import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type ImageRules, NO_IMAGES } from "../parts/images";
import type { Deeplink } from "../parts/links";
import type { Annotation, Source } from "../wire/types";
import type { Block } from "./block";
import { blockNode } from "./nodes";
import { type Cite, place } from "./place";
import { cited, identity } from "./sources";
import { Still } from "./still";
import { MarkdownDocument } from "./stream";
import { type BlockToken, blocks } from "./tokens";
import { type View, viewOf } from "./view";

/** Blocks in a group; groups in which nothing changed are not rendered again. */
const GROUP = 24;

interface Props {
  document: MarkdownDocument;
  annotations?: readonly Annotation[];
  /** What the citations' numbers count; those of the annotations otherwise. */
  sources?: readonly Source[];
  /** May the text still grow? */
  streaming?: boolean;
  /** Which images are shown: the same object while nothing in it changes; none without it. */
  images?: ImageRules;
  /** Called when a `chatkit-link://` is followed. */
  onDeeplink?: (link: Deeplink) => void;
  /** Called when the mark of a source that is no address is pressed. */
  onCite?: (source: Source) => void;
}

/** A Markdown text, with its citations. While it grows only its end is rendered again. */
export function Markdown(props: Props): JSX.Element {
  const { document, streaming = false } = props;
  const sealed = document.sealed.value;
  const tail = document.tail.value;
  const cites = useCites(props);
  const view = useView(props);
  const mayGrow = useRef(false);
  mayGrow.current ||= streaming;
  const all = [...sealed, ...tail];
  const groups: JSX.Element[] = [];
  for (let first = 0; first < all.length; first += GROUP) {
    const members = all.slice(first, first + GROUP);
    const from = first === 0 ? -Infinity : members[0]!.start;
    const to = all[first + GROUP]?.start ?? Infinity;
    groups.push(
      <BlockGroup
        key={first}
        members={members}
        cites={cites.filter(({ at }) => at > from && at <= to)}
        mayGrow={mayGrow.current}
        growing={streaming && first + GROUP > sealed.length}
        view={view}
      />,
    );
  }
  // An effect asks for a frame, which a text that streams must not do for each delta.
  useEffect(() => {
    const isShown = document.sealed.peek() === sealed && document.tail.peek() === tail;
    if (!streaming && isShown) document.release();
  }, [document, streaming, sealed, tail]);
  return <div class="markdown">{groups}</div>;
}

/** Markdown that doesn't grow: a notice, a disclaimer, a widget's text. */
export function StaticMarkdown({ text, ...rest }: Omit<Props, "document"> & { text: string }) {
  const document = useMemo(() => new MarkdownDocument(text), [text]);
  return <Markdown document={document} {...rest} />;
}

interface GroupProps {
  members: readonly Block[];
  cites: readonly Cite[];
  /** The text has grown while it was shown. */
  mayGrow: boolean;
  /** It grows, and one of these blocks with it. */
  growing: boolean;
  view: View;
}

class BlockGroup extends Still<GroupProps> {
  override render({ members, cites, mayGrow, growing, view }: GroupProps) {
    return members.map((block, i) => {
      const from = i === 0 ? -Infinity : block.start;
      const to = members[i + 1]?.start ?? Infinity;
      const props = {
        block,
        cites: cites.filter(({ at }) => at > from && at <= to),
        complete: !growing || !endsInOpenCode(block.token),
        view,
      };
      // A component for each block is more than most blocks take: only what may grow has them.
      return mayGrow ? <BlockNode key={block.key} {...props} /> : nodeOf(props);
    });
  }
}

interface BlockProps {
  block: Block;
  cites: readonly Cite[];
  complete: boolean;
  view: View;
}

class BlockNode extends Still<BlockProps> {
  override render(props: BlockProps) {
    return nodeOf(props);
  }
}

function nodeOf({ block, cites, complete, view }: BlockProps) {
  if (cites.length === 0) return blockNode(block.token, complete ? view.whole : view.growing);
  return blockNode(block.token, { view, marks: place(block, cites), complete });
}

function endsInOpenCode(token: BlockToken): boolean {
  if (token.type === "code") return !token.closed;
  const last = token.type === "list" ? token.items.at(-1) : token;
  if (!last || (token.type !== "list" && token.type !== "blockquote")) return false;
  const inner = blocks(last as { tokens?: unknown[] }).at(-1);
  return inner !== undefined && endsInOpenCode(inner);
}

/** The citations in the order of their places; each the same object while it stays where it is. */
function useCites({ document, annotations = [], sources }: Props): Cite[] {
  const before = useRef(new Map<Annotation, Cite>());
  const numbers = useMemo(
    () => new Map((sources ?? cited(annotations)).map((source, i) => [identity(source), i + 1])),
    [sources, annotations],
  );
  const now = new Map<Annotation, Cite>();
  for (const annotation of annotations) {
    const { source, index } = annotation;
    const number = numbers.get(identity(source));
    if (index === null || index === undefined || number === undefined) continue;
    const at = document.indexOf(index);
    const old = before.current.get(annotation);
    const isSame = old && old.at === at && old.number === number;
    now.set(annotation, isSame ? old : { source, number, at });
  }
  before.current = now;
  return [...now.values()].sort((a, b) => a.at - b.at);
}

/** A view that is the same object while nothing in it changes, whatever callbacks are given. */
function useView(props: Props): View {
  const latest = useRef(props);
  latest.current = props;
  const { images = NO_IMAGES } = props;
  const canCite = props.onCite !== undefined;
  return useMemo(
    () =>
      viewOf({
        images,
        onDeeplink: (link) => latest.current.onDeeplink?.(link),
        onCite: canCite ? (source) => latest.current.onCite?.(source) : undefined,
      }),
    [images, canCite],
  );
}
