import { Component } from "preact";

/** A component that is rendered again only when a prop, or an entry of a list, is another one. */
export abstract class Still<P extends object> extends Component<P> {
  override shouldComponentUpdate(next: P): boolean {
    const before = this.props as Record<string, unknown>;
    const after = next as Record<string, unknown>;
    return Object.keys(after).some((key) => !isSame(before[key], after[key]));
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((entry, i) => entry === b[i]);
}
