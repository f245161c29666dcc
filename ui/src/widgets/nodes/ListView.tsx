import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import { useAction } from "../actions";
import { classes, count } from "../fields";
import { flexStyle } from "../layout";

import type { NodeProps } from "./props";
import { Status, statusText } from "./Status";
import { Themed } from "./Themed";

/** How many items `limit: "auto"` leaves on show. */
const AUTO_LIMIT = 5;

/** A list of which, if it is long, only the beginning is shown at first. */
export function ListView({ node, children }: NodeProps) {
  const [isWhole, setWhole] = useState(false);
  const limit = node["limit"] === "auto" ? AUTO_LIMIT : count(node["limit"]);
  const shown = isWhole ? children : children.slice(0, limit);
  const hidden = children.length - shown.length;
  const list = useRef<HTMLUListElement>(null);
  // The button that had the focus is gone: what it brought has it next.
  // biome-ignore lint/correctness/useExhaustiveDependencies(limit): not if the widget changes
  useLayoutEffect(() => {
    const first = isWhole ? list.current!.children[limit ?? 0] : null;
    (first?.querySelector<HTMLElement>("button, a") ?? (first as HTMLElement | null))?.focus();
  }, [isWhole]);
  return (
    <Themed fields={node} class="w-frame-card w-list">
      {statusText(node["status"]) && (
        <div class="w-head">
          <Status status={node["status"]} />
        </div>
      )}
      <ul ref={list}>
        {shown.map((child) => (
          <li key={child.key} tabIndex={-1}>
            {child}
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" class="w-more" onClick={() => setWhole(true)}>
          <Icon name="chevron-down" size={16} />
          {t("widget.more", { count: hidden })}
        </button>
      )}
    </Themed>
  );
}

/** A row of a list. One with an action is a button all over, below what else can be pressed. */
export function ListViewItem({ node, children }: NodeProps) {
  const action = useAction(node["onClickAction"], "self");
  const content = useId();
  return (
    <div class={classes("w-item", action !== null && "w-pressable")}>
      {action && (
        <button
          type="button"
          class="w-cover"
          aria-labelledby={content}
          aria-disabled={action.isBlocked ? true : undefined}
          aria-busy={action.isRunning ? true : undefined}
          onClick={() => void action.run()}
        />
      )}
      <div id={content} class="w-row w-item-content" style={flexStyle(node)}>
        {children}
      </div>
      {action?.isRunning && <Icon name="spinner" size={16} />}
    </div>
  );
}
