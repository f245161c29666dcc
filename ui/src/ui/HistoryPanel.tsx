import { useLayoutEffect, useRef } from "preact/hooks";

import type { Key } from "../i18n";
import { daysAgo, t } from "../i18n";
import { IconButton } from "../parts/IconButton";
import { Icon } from "../parts/icons/Icon";
import type { Failure, ThreadInfo } from "../state";
import { useUi } from "./context";
import { failureReason } from "./failureReason";
import { HistoryEntry } from "./HistoryEntry";
import { Part } from "./Part";

/** The list of threads, over the one that is open. */
export function HistoryPanel() {
  const { chat, emit, returnToComposer } = useUi();
  const { history } = chat;
  const panel = useFocusInside();
  const choose = (thread: ThreadInfo) => {
    history.hide();
    void chat.openThread(thread.id);
    returnToComposer();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shorter way to what Escape does
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <div
      class="history"
      onClick={(event) => event.target === event.currentTarget && history.hide()}
    >
      <div
        class="history-panel"
        ref={panel}
        role="dialog"
        aria-modal="true"
        aria-label={t("history.title")}
        onKeyDown={(event) => event.key === "Escape" && history.hide()}
      >
        <header class="header">
          <h2 class="header-title">{t("history.title")}</h2>
          <span class="gap" />
          <IconButton icon="close" label={t("history.close")} onClick={() => history.hide()} />
        </header>
        <Part of={history} emit={emit}>
          <Threads onChoose={choose} />
        </Part>
      </div>
    </div>
  );
}

/** Focus goes in when the panel opens, and back to where it was when it closes. */
function useFocusInside() {
  const panel = useRef<HTMLDivElement>(null);
  // Before the browser takes the focus from what is inert below the panel.
  useLayoutEffect(() => {
    const root = panel.current!.getRootNode() as Document | ShadowRoot;
    const before = root.activeElement as HTMLElement | null;
    panel.current!.querySelector<HTMLElement>("button")?.focus();
    return () => queueMicrotask(() => before?.focus()); // once it isn't inert any more
  }, []);
  return panel;
}

function Threads({ onChoose }: { onChoose: (thread: ThreadInfo) => void }) {
  const { chat } = useUi();
  const { hasMore, status, threads } = chat.history;
  const list = useHeldFocus();
  const isLoading = status.value === "loading";
  const groups = grouped(threads.value);
  const openId = chat.conversation.value.threadId.value;
  return (
    <div class="history-list scrolls" ref={list}>
      {groups.map(([label, members]) => (
        <section key={label} class="history-group">
          <h3>{t(label)}</h3>
          <ul>
            {members.map((thread) => (
              <HistoryEntry
                key={thread.id}
                thread={thread}
                isOpen={thread.id === openId}
                onChoose={() => onChoose(thread)}
              />
            ))}
          </ul>
        </section>
      ))}
      {isLoading && (
        <p class="history-state">
          <Icon name="spinner" />
          <span class="sr">{t("log.loading")}</span>
        </p>
      )}
      {threads.value.length === 0 && status.value === "idle" && (
        <p class="history-state">{t("history.empty")}</p>
      )}
      <Failed />
      {hasMore.value && (
        <button
          type="button"
          class="button more"
          aria-disabled={isLoading}
          onClick={() => !isLoading && void chat.history.loadMore()}
        >
          {t("history.more")}
        </button>
      )}
    </div>
  );
}

/** When a button goes that had the focus, the first thread that came has it next. */
function useHeldFocus() {
  const list = useRef<HTMLDivElement>(null);
  const titles = () => [...(list.current?.querySelectorAll<HTMLElement>(".history-title") ?? [])];
  const root = list.current?.getRootNode() as Document | ShadowRoot | undefined;
  // While rendering, the page is as it was before.
  const hadFocus = root?.activeElement != null;
  const known = titles().length;
  useLayoutEffect(() => {
    if (!hadFocus || root?.activeElement) return;
    const panel = list.current!.closest("[role=dialog]")!;
    (titles()[known] ?? panel.querySelector("button"))?.focus();
  });
  return list;
}

/** What failed last. It stays, and its button with the focus, while that is tried again. */
function Failed() {
  const { failure, status } = useUi().chat.history;
  const last = useRef<Failure | null>(null);
  const isLoading = status.value === "loading";
  if (failure.value || !isLoading) last.current = failure.value;
  const { current: shown } = last;
  return (
    <div role="alert">
      {shown && (
        <div class="card-note danger">
          <p class="note-text">{failureReason(shown, "history.failed")}</p>
          {shown.retry && (
            <button
              type="button"
              class="button"
              aria-disabled={isLoading}
              onClick={() => !isLoading && shown.retry?.()}
            >
              {t("error.retry")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

const AGES: readonly [days: number, label: Key][] = [
  [0, "history.today"],
  [1, "history.yesterday"],
  [7, "history.week"],
  [Infinity, "history.older"],
];

/** By age, in the order of the list. */
function grouped(threads: readonly ThreadInfo[]): [Key, ThreadInfo[]][] {
  const groups = new Map<Key, ThreadInfo[]>();
  for (const thread of threads) {
    const days = daysAgo(thread.created_at);
    const [, label] = AGES.find(([most]) => days <= most) ?? AGES.at(-1)!;
    groups.set(label, [...(groups.get(label) ?? []), thread]);
  }
  return [...groups];
}
