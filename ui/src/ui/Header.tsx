import type { Key } from "../i18n";
import { t } from "../i18n";
import type { HeaderAction } from "../options";

import { IconButton } from "../parts/IconButton";
import { own } from "../parts/own";
import { useUi } from "./context";

/** The row on top: the page's own actions, the title, and the ways to other threads. */
export function Header() {
  const { chat, options, returnToComposer } = useUi();
  const { header, history } = options.value;
  const thread = chat.conversation.value.thread.value;
  const title = header.title.text ?? thread?.title ?? null;
  const startNew = () => {
    void chat.openThread(null);
    returnToComposer();
  };
  return (
    <header class="header">
      <Action action={header.leftAction} label={t("header.leftAction")} />
      {header.title.enabled && title && (
        <h2 class="header-title" dir="auto" title={title}>
          {title}
        </h2>
      )}
      <span class="gap" />
      {history.enabled && (
        <>
          <IconButton icon="compose" label={t("header.newChat")} onClick={startNew} />
          <IconButton
            icon="history"
            label={t("header.history")}
            aria-expanded={chat.history.isOpen.value}
            aria-haspopup="dialog"
            onClick={() => void chat.history.show()}
          />
        </>
      )}
      <Action action={header.rightAction} label={t("header.rightAction")} />
    </header>
  );
}

/** What the usual buttons do. */
const NAMES: Readonly<Record<string, Key>> = {
  "dark-mode": "header.dark-mode",
  "light-mode": "header.light-mode",
  home: "header.home",
  "home-alt": "header.home",
  menu: "header.menu",
};

/** The icon names what the page's button does: there is no other word for it. */
function labelOf({ icon }: HeaderAction, fallback: string): string {
  if (!icon) return fallback;
  const name = own(NAMES, icon);
  if (name) return t(name);
  const words = icon.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Action({ action, label }: { action: HeaderAction | null; label: string }) {
  if (!action) return null;
  return (
    <IconButton
      icon={action.icon ?? "dots-horizontal"}
      label={labelOf(action, label)}
      onClick={() => action.onClick?.()}
    />
  );
}
