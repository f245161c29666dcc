import { t } from "../../i18n";

import { useUi } from "../context";

import { isEnter } from "./enter";

interface Props {
  isLocked: boolean;
  onSubmit: () => void;
  /** Takes files that are pasted; null: they stay with the browser. */
  onFiles: ((files: readonly File[]) => void) | null;
}

/** The text of the message: grows with it, sends on Enter, breaks the line on Shift+Enter. */
export function MessageBox({ isLocked, onSubmit, onFiles }: Props) {
  const { chat } = useUi();
  const text = chat.composer.text.value;
  const placeholder = usePlaceholder();
  const pressed = (event: KeyboardEvent) => {
    if (!isEnter(event)) return;
    event.preventDefault();
    onSubmit();
  };
  const pasted = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!onFiles || files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  };
  return (
    // The same text behind the field, unseen, makes both as tall as it is.
    <div class="grows" data-text={`${text}\n`}>
      <textarea
        class="scrolls"
        rows={1}
        dir={text ? "auto" : undefined}
        data-focus-first
        aria-label={t("composer.label")}
        aria-describedby={isLocked ? "lock" : undefined}
        placeholder={placeholder}
        enterkeyhint="send"
        autocomplete="off"
        disabled={isLocked}
        value={text}
        onInput={(event) => chat.composer.setText(event.currentTarget.value)}
        onKeyDown={pressed}
        onPaste={pasted}
      />
    </div>
  );
}

function usePlaceholder(): string {
  const { chat, options } = useUi();
  const { placeholder, tools } = options.value.composer;
  const tool = tools.find(({ id }) => id === chat.composer.toolId.value);
  return tool?.placeholderOverride ?? placeholder ?? t("composer.placeholder");
}
