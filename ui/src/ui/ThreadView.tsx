import type { ReadonlySignal, Signal } from "@preact/signals";
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { t } from "../i18n";
import { Icon } from "../parts/icons/Icon";
import type { Conversation, Item } from "../state";
import { useUi } from "./context";
import { FailureCard } from "./FailureCard";
import { StartScreen } from "./StartScreen";
import { Scroll } from "./scroll";
import { Turn } from "./Turn";

/** Turns at the end that are always laid out; those before them are when they come into view. */
const LAID_OUT = 3;

/** The messages of a thread, or what is there before the first. */
export function ThreadView({ conversation }: { conversation: Conversation }) {
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const items = conversation.items.value;
  /** Whether the end is out of sight. */
  const away = useSignal(false);
  const scroll = useScroll(conversation, items, { view, content, away });
  const blank = useComputed(
    () =>
      conversation.items.value.length === 0 &&
      conversation.threadId.value === null &&
      !conversation.loading.value &&
      !conversation.responding.value,
  ).value;
  const turns = inTurns(items);
  const toLatest = () => {
    view.current!.focus({ preventScroll: true }); // the button goes
    scroll.current?.toEnd("smooth");
  };
  return (
    <div class="thread">
      <div
        class="scroller scrolls"
        ref={view}
        role="log"
        aria-live="off"
        aria-label={t("log.label")}
        aria-busy={conversation.loading.value}
        tabIndex={0}
      >
        <div class={`column ${blank ? "blank" : ""}`} ref={content}>
          {blank && <StartScreen />}
          {conversation.loading.value && items.length === 0 && <Loading />}
          <OlderItems conversation={conversation} view={view} />
          {turns.map((turn, at) => (
            <Turn
              key={turn.key}
              items={turn.items}
              conversation={conversation}
              isLast={at === turns.length - 1}
              isSettled={at < turns.length - LAID_OUT}
            />
          ))}
          <FailureCard
            failure={conversation.failure}
            onDismiss={() => conversation.dismissFailure()}
          />
        </div>
      </div>
      {!blank && away.value && (
        <button type="button" class="latest" onClick={toLatest}>
          <Icon name="arrow-down" size={18} />
          <span class="sr">{t("log.latest")}</span>
        </button>
      )}
    </div>
  );
}

interface TurnItems {
  readonly key: string;
  readonly items: ReadonlySignal<Item>[];
}

/** A message of the user begins a turn, and all up to the next one belongs to it. */
function inTurns(items: readonly ReadonlySignal<Item>[]): TurnItems[] {
  const turns: TurnItems[] = [];
  for (const item of items) {
    const { type, key } = item.peek();
    if (type === "user_message" || turns.length === 0) turns.push({ key, items: [] });
    turns.at(-1)!.items.push(item);
  }
  return turns;
}

interface Shown {
  readonly view: { current: HTMLElement | null };
  readonly content: { current: HTMLElement | null };
  readonly away: Signal<boolean>;
}

function useScroll(
  conversation: Conversation,
  items: readonly ReadonlySignal<Item>[],
  { view, content, away }: Shown,
) {
  const { options } = useUi();
  const scroll = useRef<Scroll | null>(null);
  const first = useRef<string | null>(null);
  const last = useRef<string | null>(null);
  // While rendering, the page is as it was before. To look costs a layout of all above the view.
  const hasOlder = first.current !== null && first.current !== items[0]?.peek().key;
  const place = hasOlder ? scroll.current?.place() : null;

  useLayoutEffect(() => {
    const mayFollow = () =>
      conversation.items.peek().length > 0 && // what begins is read from its beginning
      (options.peek().thread.autoScroll || !conversation.responding.peek());
    scroll.current = new Scroll(view.current!, content.current!, away, mayFollow);
    return () => scroll.current?.dispose();
  }, [conversation, options, view, content, away]);

  useLayoutEffect(() => {
    const oldFirst = first.current;
    const oldLast = last.current;
    first.current = items[0]?.peek().key ?? null;
    last.current = lastMessage(items);
    if (last.current !== oldLast) {
      scroll.current!.toEnd(oldFirst === null ? "instant" : "smooth");
    } else if (place) {
      scroll.current!.restore(place);
    }
  }, [items, place]);
  return scroll;
}

/** The user's last message: a new one is always shown. */
function lastMessage(items: readonly ReadonlySignal<Item>[]): string | null {
  return items.findLast((item) => item.peek().type === "user_message")?.peek().key ?? null;
}

function Loading() {
  return (
    <div class="loading" role="img" aria-label={t("log.loading")}>
      <span />
      <span />
      <span />
    </div>
  );
}

/** Fetches older items as soon as their place comes near. */
function OlderItems({
  conversation,
  view,
}: {
  conversation: Conversation;
  view: { current: HTMLElement | null };
}) {
  const mark = useRef<HTMLDivElement>(null);
  const older = conversation.older.value;
  useEffect(() => {
    if (older !== "more" || !mark.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && void conversation.loadOlder(),
      { root: view.current, rootMargin: "800px 0px 0px" },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [older, conversation, view]);
  const retry = () => {
    view.current!.focus({ preventScroll: true }); // the button goes
    void conversation.loadOlder();
  };
  if (older === "none") return null;
  return (
    <div class="older" ref={mark}>
      {older === "failed" ? (
        <button type="button" class="button" onClick={retry}>
          {t("error.retry")}
        </button>
      ) : (
        <>
          <Icon name="spinner" />
          <span class="sr">{t("log.older")}</span>
        </>
      )}
    </div>
  );
}
