import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Theme } from "../options";
import { type ImageRules, NO_IMAGES } from "../parts/images";
import type { Deeplink } from "../parts/links";
import { Note } from "../parts/Note";
import type { WidgetAction } from "../state";
import { adopt } from "../theme";
import type { WidgetNode, WidgetRoot } from "../wire/types";
import { SchemeContext, SurroundingsContext } from "./context";
import { record } from "./fields";
import { isKnown, NodeView } from "./render";
import css from "./widgets.css";

/** Nodes deeper than any design, and such that the stack could run out. */
const MOST_DEEP = 60;

export interface WidgetProps {
  widget: WidgetRoot;
  itemId: string;
  theme: Theme;
  /** What the widget says in plain text, for the case that it can't be shown. */
  plainText?: string | null | undefined;
  /** Which images are shown: the same object while nothing in it changes. */
  images?: ImageRules;
  /** Is the assistant answering? The server takes no streamed action meanwhile. */
  isAnswering?: boolean;
  /** Do what a node asks; resolves, once it is done, to whether it went well. */
  onAction: (action: WidgetAction, itemId: string) => Promise<boolean>;
  /** Called when a `chatkit-link://` is followed. */
  onDeeplink?: (link: Deeplink) => void;
  /** Called when a node could not be shown; the rest is. */
  onBroken?: (node: WidgetNode, error: unknown) => void;
}

/** A tree of nodes, and what they can do. */
export default function Widget(props: WidgetProps) {
  const { widget, theme, plainText } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [surroundings, isHeld] = useSurroundingsOf(props);
  useLayoutEffect(() => {
    const root = frame.current?.getRootNode();
    if (root instanceof ShadowRoot) adopt(root, css);
  }, []);
  const canShow = record(widget) && isKnown(widget) && !isDeeper(widget, MOST_DEEP);
  return (
    <div class="widget" ref={frame} data-held={isHeld ? "" : undefined} aria-busy={isHeld}>
      <SurroundingsContext.Provider value={surroundings}>
        <SchemeContext.Provider value={theme.colorScheme}>
          {canShow ? <NodeView node={widget} /> : <Note text={plainText} />}
        </SchemeContext.Provider>
      </SurroundingsContext.Provider>
    </div>
  );
}

/** What the nodes share; the same object while nothing in it changes. */
function useSurroundingsOf(props: WidgetProps) {
  const { theme, images = NO_IMAGES, isAnswering = false } = props;
  const [isHeld, hold] = useState(false);
  const latest = useRef(props);
  latest.current = props;
  const surroundings = useMemo(
    () => ({
      theme,
      images,
      isAnswering,
      isHeld,
      hold,
      act: (action: WidgetAction) => latest.current.onAction(action, latest.current.itemId),
      onDeeplink: (link: Deeplink) => latest.current.onDeeplink?.(link),
      onBroken: (node: WidgetNode, error: unknown) => latest.current.onBroken?.(node, error),
    }),
    [theme, images, isAnswering, isHeld],
  );
  return [surroundings, isHeld] as const;
}

function isDeeper(node: unknown, depth: number): boolean {
  const children = record(node)?.["children"];
  if (!record(children) && !Array.isArray(children)) return false;
  if (depth === 0) return true;
  return [children].flat().some((child) => isDeeper(child, depth - 1));
}
