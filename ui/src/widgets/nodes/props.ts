import type { VNode } from "preact";

import type { WidgetNode } from "../../wire/types";

/** What a component for a type of node is given. */
export interface NodeProps {
  node: WidgetNode;
  /** Its children, as they are shown. */
  children: VNode[];
}
