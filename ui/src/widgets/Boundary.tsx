import type { ComponentChildren } from "preact";
import { Component } from "preact";

import type { WidgetNode } from "../wire/types";

import { Note } from "./Note";

interface Props {
  node: WidgetNode;
  /** Makes what is shown; called again only for another node. */
  render: (node: WidgetNode) => ComponentChildren;
  onBroken: (node: WidgetNode, error: unknown) => void;
}

/** Keeps what is wrong with one node from the rest: it is replaced by a note until it changes. */
export class Boundary extends Component<Props, { broken: WidgetNode | null }> {
  override state = { broken: null };

  override shouldComponentUpdate(next: Props, state: { broken: WidgetNode | null }): boolean {
    return next.node !== this.props.node || state.broken !== this.state.broken;
  }

  override componentDidCatch(error: unknown): void {
    const { node, onBroken } = this.props;
    this.setState({ broken: node });
    onBroken(node, error);
  }

  override render({ node, render }: Props) {
    return this.state.broken === node ? <Note /> : render(node);
  }
}
