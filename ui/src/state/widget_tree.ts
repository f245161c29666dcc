import type { WidgetNode } from "../wire/types";

/**
 * Return the tree with what `change` makes of the first node with an id (in the
 * order of reading), or null if there is none. What didn't change is the same object.
 */
export function changeNode<T extends WidgetNode>(
  tree: T,
  id: string,
  change: (node: WidgetNode) => WidgetNode,
): T | null {
  // Whoever replaces a root by its id says what it is.
  if (tree.id === id) return change(tree) as T;
  const { children } = tree;
  if (Array.isArray(children)) {
    for (const [index, child] of children.entries()) {
      const changed = isNode(child) ? changeNode(child, id, change) : null;
      if (changed !== null) return { ...tree, children: children.toSpliced(index, 1, changed) };
    }
    return null;
  }
  const changed = isNode(children) ? changeNode(children, id, change) : null;
  return changed === null ? null : { ...tree, children: changed };
}

function isNode(value: unknown): value is WidgetNode {
  return typeof value === "object" && value !== null && "type" in value;
}
