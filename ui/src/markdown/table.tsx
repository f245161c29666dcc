import { Component, type ComponentChildren, createRef } from "preact";

import { t } from "../i18n";

/** A table of more rows keeps the widths that its columns have by then. */
const SETTLED_ROWS = 50;
const LEAST_WIDTH = 5; // em

interface Props {
  rows: number;
  /** Of its columns, and so of its scrolling: it begins where they do. */
  dir?: "auto" | undefined;
  children: ComponentChildren;
}

interface State {
  /** Of each column, as a share of the table. */
  widths?: readonly string[];
  /** Of the table. */
  least?: string;
}

/**
 * A table that scrolls by itself.
 *
 * Where the columns fit their content, each new row has the browser lay out all rows again. So the
 * later rows of a long table don't change its columns any more.
 */
export class Table extends Component<Props, State> {
  readonly #table = createRef<HTMLTableElement>();

  override componentDidMount(): void {
    this.#settle();
  }

  override componentDidUpdate(): void {
    this.#settle();
  }

  override render({ dir, children }: Props, { widths, least }: State) {
    return (
      <div class="scroll-x" role="group" aria-label={t("table.label")} dir={dir} tabIndex={0}>
        <table ref={this.#table} class={widths && "settled"} style={{ minWidth: least }}>
          {widths && (
            <colgroup>
              {widths.map((width) => (
                <col style={{ width }} />
              ))}
            </colgroup>
          )}
          {children}
        </table>
      </div>
    );
  }

  #settle(): void {
    if (this.state.widths || this.props.rows <= SETTLED_ROWS) return;
    const settled = measured(this.#table.current!);
    if (settled) this.setState(settled);
  }
}

/** The columns as they are laid out; nothing where they are not. */
function measured(table: HTMLTableElement): State | undefined {
  const cells = [...table.querySelectorAll("th")];
  const widths = cells.map((cell) => cell.getBoundingClientRect().width);
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total === 0) return undefined;
  const scrolls = table.offsetWidth > table.parentElement!.clientWidth;
  return {
    widths: widths.map((width) => `${((100 * width) / total).toFixed(2)}%`),
    least: scrolls ? `${table.offsetWidth}px` : `${LEAST_WIDTH * cells.length}em`,
  };
}
