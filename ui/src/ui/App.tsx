import type { ReadonlySignal } from "@preact/signals";
import { signal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";

import type { Emit } from "../events";
import { dir, locale, setLocale, t } from "../i18n";
import type { Options } from "../options";
import type { Chat } from "../state";
import { adopt, applyTheme } from "../theme";

import { Announcer } from "./announce";
import { UiProvider } from "./context";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { HistoryPanel } from "./HistoryPanel";
import { imagesOf } from "./images";
import { Part } from "./Part";
import { sheets } from "./sheets";
import { ThreadView } from "./ThreadView";
import { useKeyboardInset } from "./viewport";

/** What the element can ask of its view. The view sets it when it is there. */
export interface View {
  focusComposer: () => void;
}

export interface AppProps {
  chat: Chat;
  options: ReadonlySignal<Options>;
  view: View;
  /** For what only the view knows of: `chatkit.deeplink`. */
  emit: Emit;
}

/** The whole chat: what is inside the element. */
export function App(props: AppProps) {
  return (
    <Part of={props.options.value} emit={props.emit}>
      <Frame {...props} />
    </Part>
  );
}

function Frame({ chat, options, view, emit }: AppProps) {
  const frame = useRef<HTMLDivElement>(null);
  const ui = useMemo(() => {
    const focusComposer = () =>
      frame.current?.querySelector<HTMLElement>("[data-focus-first]")?.focus();
    view.focusComposer = focusComposer;
    const returnToComposer = () => {
      if (!globalThis.matchMedia?.("(pointer: coarse)").matches) setTimeout(focusComposer);
    };
    const status = signal("");
    return { chat, options, emit, returnToComposer, status, ...imagesOf(chat, options) };
  }, [chat, options, view, emit]);

  useTheme(frame, options);
  useSignalEffect(() => {
    void setLocale(options.value.locale ?? navigator.language);
  });
  useKeyboardInset(frame);

  const conversation = chat.conversation.value;
  const historyOpen = chat.history.isOpen.value && options.value.history.enabled;
  return (
    <UiProvider value={ui}>
      <div
        class="app"
        ref={frame}
        dir={dir.value}
        lang={locale.value}
        role="region"
        aria-label={options.value.frameTitle ?? t("app.name")}
      >
        <div class="main" inert={historyOpen}>
          {options.value.header.enabled && (
            <Part of={conversation} emit={emit}>
              <Header />
            </Part>
          )}
          <Part of={conversation} emit={emit}>
            <ThreadView key={conversation.key} conversation={conversation} />
          </Part>
          <Part of={conversation} emit={emit}>
            <Footer conversation={conversation} />
          </Part>
        </div>
        {historyOpen && <HistoryPanel />}
        <Announcer key={`status ${conversation.key}`} conversation={conversation} />
      </div>
    </UiProvider>
  );
}

function useTheme(frame: { current: HTMLElement | null }, options: ReadonlySignal<Options>): void {
  const { theme } = options.value;
  // Before the first paint, and again for each new theme.
  useLayoutEffect(() => {
    const root = frame.current?.getRootNode();
    if (!(root instanceof ShadowRoot)) return;
    for (const css of sheets) adopt(root, css);
    applyTheme(root, theme);
  }, [frame, theme]);
}
