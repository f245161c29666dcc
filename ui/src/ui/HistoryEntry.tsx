import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { t } from "../i18n";
import { IconButton } from "../parts/IconButton";
import type { ThreadInfo } from "../state";
import { useUi } from "./context";

interface Props {
  thread: ThreadInfo;
  isOpen: boolean;
  onChoose: () => void;
}

/** A thread in the list: to open, to rename in its place, and to delete after a question. */
export function HistoryEntry({ thread, isOpen, onChoose }: Props) {
  const { chat, options } = useUi();
  const [mode, setMode] = useState<"shown" | "renaming" | "deleting">("shown");
  const row = useRef<HTMLLIElement>(null);
  const { showDelete, showRename } = options.value.history;
  const title = thread.title || t("history.untitled");
  const wasShown = useRef(true);
  useLayoutEffect(() => {
    if (mode === "shown" && !wasShown.current) row.current!.querySelector("button")!.focus();
    wasShown.current = mode === "shown";
  }, [mode]);
  const back = () => setMode("shown");
  const remove = () => {
    focusBeside(row.current!);
    void chat.history.remove(thread.id);
  };
  return (
    <li class={`history-entry ${isOpen ? "open" : ""}`} ref={row}>
      {mode === "renaming" ? (
        <Rename
          title={thread.title ?? ""}
          onCancel={back}
          onRename={(next) => {
            if (next && next !== thread.title) void chat.history.rename(thread.id, next);
            back();
          }}
        />
      ) : mode === "deleting" ? (
        <Delete onCancel={back} onDelete={remove} />
      ) : (
        <>
          <button
            type="button"
            class="history-title"
            aria-current={isOpen ? "true" : undefined}
            onClick={onChoose}
          >
            <span dir="auto">{title}</span>
          </button>
          <span class="history-tools">
            {showRename && (
              <IconButton
                class="small"
                icon="write"
                size={16}
                label={t("history.rename", { title })}
                onClick={() => setMode("renaming")}
              />
            )}
            {showDelete && (
              <IconButton
                class="small"
                icon="trash"
                size={16}
                label={t("history.delete", { title })}
                onClick={() => setMode("deleting")}
              />
            )}
          </span>
        </>
      )}
    </li>
  );
}

/** Have the focus stay in the list when an entry goes, and in the panel when the last one does. */
function focusBeside(row: HTMLElement): void {
  const panel = row.closest("[role=dialog]")!;
  const rows = [...panel.querySelectorAll(".history-entry")];
  const at = rows.indexOf(row);
  const beside = rows[at + 1] ?? rows[at - 1] ?? panel;
  beside.querySelector("button")?.focus();
}

interface RenameProps {
  title: string;
  onRename: (title: string) => void;
  onCancel: () => void;
}

function Rename({ title, onRename, onCancel }: RenameProps) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current!.focus();
    input.current!.select();
  }, []);
  const save = (event: Event) => {
    event.preventDefault();
    onRename(input.current!.value.trim());
  };
  return (
    <form class="rename" onSubmit={save}>
      <input
        ref={input}
        dir="auto"
        aria-label={t("history.renameLabel")}
        defaultValue={title}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onCancel();
        }}
      />
      <IconButton class="small" icon="check" size={16} type="submit" label={t("history.save")} />
      <IconButton
        class="small"
        icon="close"
        size={16}
        label={t("history.cancel")}
        onClick={onCancel}
      />
    </form>
  );
}

function Delete({ onDelete, onCancel }: { onDelete: () => void; onCancel: () => void }) {
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => cancel.current!.focus(), []);
  return (
    <div
      class="confirm"
      role="group"
      aria-label={t("history.confirmDelete")}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onCancel();
      }}
    >
      <span>{t("history.confirmDelete")}</span>
      <span class="gap" />
      <button type="button" class="button" ref={cancel} onClick={onCancel}>
        {t("history.cancel")}
      </button>
      <button type="button" class="button danger" onClick={onDelete}>
        {t("history.deleteNow")}
      </button>
    </div>
  );
}
