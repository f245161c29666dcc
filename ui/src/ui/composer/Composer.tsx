import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import type { Rejection } from "../../state";
import { useUi } from "../context";
import { Dismiss } from "../Dismiss";

import { AttachButton } from "./AttachButton";
import { AttachmentTray } from "./AttachmentTray";
import { useFileDrop } from "./drop";
import { MessageBox } from "./MessageBox";
import { ModelMenu } from "./ModelMenu";
import { rejectionText } from "./rejections";
import { SendButton } from "./SendButton";
import { Tools } from "./Tools";

/** Where the user writes. */
export function Composer({ lock }: { lock: { reason: string | null } | null }) {
  const { chat, options } = useUi();
  const { attachments, models, tools } = options.value.composer;
  const frame = useRef<HTMLFormElement>(null);
  const rejected = useSignal<readonly Rejection[]>([]);
  const takesFiles = attachments.enabled && !lock;
  const add = (files: readonly File[]) => {
    if (takesFiles && files.length > 0) rejected.value = chat.composer.addFiles(files);
  };
  const isDropping = useFileDrop(frame, takesFiles, add);
  const submit = (event?: Event) => {
    event?.preventDefault();
    if (!chat.composer.canSend.peek()) return;
    rejected.value = [];
    void chat.composer.submit();
  };
  const hasBar = attachments.enabled || tools.length > 0 || models.length > 0;

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a larger target for the text, for pointers only
    <form
      ref={frame}
      class={`composer ${hasBar ? "with-bar" : ""} ${isDropping ? "dropping" : ""}`}
      onSubmit={submit}
      onClick={(event) => focusText(event, frame.current)}
    >
      <Rejections rejected={rejected.value} onDismiss={() => (rejected.value = [])} />
      <Quote />
      <AttachmentTray />
      {lock && (
        <p class="lock" id="lock" dir="auto">
          <Icon name="lock" size={16} />
          <span>{lock.reason || t("composer.locked")}</span>
        </p>
      )}
      <MessageBox isLocked={lock !== null} onSubmit={submit} onFiles={takesFiles ? add : null} />
      <div class="bar">
        {attachments.enabled && <AttachButton isDisabled={!takesFiles} onFiles={add} />}
        <Tools isDisabled={lock !== null} />
        <span class="gap" />
        <ModelMenu isDisabled={lock !== null} />
        <SendButton />
      </div>
      {isDropping && (
        <div class="drop" aria-hidden="true">
          <Icon name="paperclip" />
          {t("composer.drop")}
        </div>
      )}
    </form>
  );
}

/** A click beside the text, within its frame, is meant for the text. */
function focusText(event: MouseEvent, frame: HTMLElement | null): void {
  const target = event.target as HTMLElement;
  if (target.closest("button, textarea, input, a, [role=menu]")) return;
  frame?.querySelector("textarea")?.focus();
}

function Quote() {
  const { chat } = useUi();
  const quote = chat.composer.quote.value;
  if (!quote) return null;
  return (
    <div class="quoting">
      <Icon name="reply" size={16} />
      <span class="sr">{t("composer.reply")}</span>
      <span class="quoting-text" dir="auto">
        {quote}
      </span>
      <Dismiss label={t("composer.removeReply")} onDismiss={() => chat.composer.setQuote(null)} />
    </div>
  );
}

interface RejectionsProps {
  rejected: readonly Rejection[];
  onDismiss: () => void;
}

function Rejections({ rejected, onDismiss }: RejectionsProps) {
  const texts = [...new Set(rejected.map(rejectionText))];
  return (
    <div role="alert">
      {texts.length > 0 && (
        <div class="rejected">
          <Icon name="warning" size={16} />
          <div class="rejected-texts">
            {texts.map((text) => (
              <p key={text} dir="auto">
                {text}
              </p>
            ))}
          </div>
          <Dismiss onDismiss={onDismiss} />
        </div>
      )}
    </div>
  );
}
