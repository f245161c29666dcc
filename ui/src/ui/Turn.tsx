import type { ReadonlySignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { Conversation, Item } from "../state";

import { useUi } from "./context";
import { ItemView } from "./items/ItemView";
import { MessageActions } from "./items/MessageActions";
import { NoticeCard } from "./items/NoticeCard";
import { Working } from "./items/Working";
import { Part } from "./Part";

interface Props {
  items: readonly ReadonlySignal<Item>[];
  conversation: Conversation;
  isLast: boolean;
  /** Far enough up to be laid out only when it comes into view. */
  isSettled: boolean;
}

/** A message of the user, and all that answers it. */
export function Turn({ items, conversation, isLast, isSettled }: Props) {
  const { emit } = useUi();
  const answering = isLast && conversation.responding.value;
  // A turn that was answered while it was shown leaves room for its answer below it; one that is
  // only read again doesn't.
  const wasLive = useRef(false);
  if (answering) wasLive.current = true;
  const classes = [
    "turn",
    isSettled && "settled",
    wasLive.current && "streamed",
    isLast && wasLive.current && "live",
  ];
  const notices = conversation.notices.value;
  // One flat list: a list within a list costs a component.
  const entries = isFirst(items, conversation) ? noticesAfter(null) : [];
  for (const item of items) {
    const { key } = item.peek();
    entries.push(<ItemView key={key} item={item} conversation={conversation} />);
    entries.push(...noticesAfter(key));
  }
  if (isLast) entries.push(<Working key="working" conversation={conversation} />);
  if (!answering) {
    entries.push(<MessageActions key="actions" items={items} conversation={conversation} />);
  }
  return <div class={classes.filter(Boolean).join(" ")}>{entries}</div>;

  function noticesAfter(key: string | null) {
    return notices
      .filter(({ after }) => after === key)
      .map((notice) => (
        <Part key={`notice ${notice.id}`} of={notice} emit={emit}>
          <NoticeCard notice={notice} onDismiss={() => conversation.dismissNotice(notice.id)} />
        </Part>
      ));
  }
}

function isFirst(items: Props["items"], conversation: Conversation): boolean {
  return conversation.items.value[0] === items[0];
}
