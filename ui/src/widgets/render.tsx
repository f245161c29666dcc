import type { FunctionComponent, VNode } from "preact";
import { useEffect } from "preact/hooks";

import { Boundary } from "../parts/Boundary";
import { Note } from "../parts/Note";
import type { WidgetNode } from "../wire/types";
import { useSurroundings } from "./context";
import { record } from "./fields";
import { Badge } from "./nodes/Badge";
import { Button } from "./nodes/Button";
import { Card } from "./nodes/Card";
import { Basic, Box, Col, Row, Transition } from "./nodes/containers";
import { Divider, Spacer } from "./nodes/Divider";
import { IconNode } from "./nodes/IconNode";
import { Image } from "./nodes/Image";
import { ListView, ListViewItem } from "./nodes/ListView";
import { MarkdownNode } from "./nodes/MarkdownNode";
import type { NodeProps } from "./nodes/props";
import { Caption, Text, Title } from "./nodes/text";

const NODES: ReadonlyMap<unknown, FunctionComponent<NodeProps>> = new Map([
  ["Badge", Badge],
  ["Basic", Basic],
  ["Box", Box],
  ["Button", Button],
  ["Caption", Caption],
  ["Card", Card],
  ["Col", Col],
  ["Divider", Divider],
  ["Icon", IconNode],
  ["Image", Image],
  ["ListView", ListView],
  ["ListViewItem", ListViewItem],
  ["Markdown", MarkdownNode],
  ["Row", Row],
  ["Spacer", Spacer],
  ["Text", Text],
  ["Title", Title],
  ["Transition", Transition],
] as [string, FunctionComponent<NodeProps>][]);

export function isKnown(node: WidgetNode): boolean {
  return NODES.has(node.type);
}

interface Props {
  node: WidgetNode;
}

/** A node and what is below it. What its type is not known for is a note. */
export class NodeView extends Boundary<Props, WidgetNode> {
  override shouldComponentUpdate(next: Props, state: this["state"]): boolean {
    return next.node !== this.props.node || state.broken !== this.state.broken;
  }

  protected override value({ node }: Props) {
    return node;
  }

  protected override show(node: WidgetNode) {
    return renderNode(node);
  }

  protected override instead(node: WidgetNode, error: unknown) {
    return <Broken node={node} error={error} />;
  }
}

function Broken({ node, error }: Props & { error: unknown }) {
  const { onBroken } = useSurroundings();
  // biome-ignore lint/correctness/useExhaustiveDependencies(onBroken): it is told once, to whomever
  useEffect(() => onBroken(node, error), [node, error]);
  return <Note />;
}

function renderNode(node: WidgetNode): VNode {
  const View = NODES.get(node.type);
  return View ? <View node={node}>{childViews(node.children)}</View> : <Note />;
}

/** One note stands for all unknown nodes in a row. */
function childViews(children: unknown): VNode[] {
  const nodes = (Array.isArray(children) ? children : [children]).filter(record) as WidgetNode[];
  const shown = nodes.filter((node, at) => isKnown(node) || at === 0 || isKnown(nodes[at - 1]!));
  const keys = keysOf(shown);
  return shown.map((node, at) => <NodeView key={keys[at]!} node={node} />);
}

/** What tells siblings apart while they change: a key or an id of their own, or their place. */
function keysOf(nodes: readonly WidgetNode[]): string[] {
  const taken = new Set<unknown>();
  return nodes.map(({ key, id }, at) => {
    const name = key ?? id;
    if (typeof name !== "string" || taken.has(name)) return `at ${at}`;
    taken.add(name);
    return `named ${name}`;
  });
}
