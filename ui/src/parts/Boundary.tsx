import type { ComponentChildren } from "preact";
import { Component } from "preact";

interface State<T> {
  broken?: { readonly value: T; readonly error: unknown } | undefined;
}

/** Keeps what is wrong with one value from the rest: something else is shown until it changes. */
export abstract class Boundary<P, T> extends Component<P, State<T>> {
  protected abstract value(props: P): T;
  protected abstract show(value: T, props: P): ComponentChildren;
  protected abstract instead(value: T, error: unknown): ComponentChildren;

  override componentDidCatch(error: unknown): void {
    this.setState({ broken: { value: this.value(this.props), error } });
  }

  /** Show the value again, which may work by now. */
  tryAgain(): void {
    this.setState({ broken: undefined });
  }

  override render() {
    const value = this.value(this.props);
    const { broken } = this.state;
    if (broken?.value === value) return this.instead(value, broken.error);
    return this.show(value, this.props);
  }
}
