import { useEffect, useState } from "preact/hooks";

import { formatBytes, t } from "../../i18n";
import { IconButton } from "../../parts/IconButton";
import { Icon } from "../../parts/icons/Icon";
import { serverImage } from "../../parts/images";
import type { ComposerAttachment } from "../../state";
import { useUi } from "../context";
import { Dismiss } from "../Dismiss";
import { failureReason } from "../failureReason";

/** The files that go with the message: how far each is, and a way to take it back. */
export function AttachmentTray() {
  const { chat } = useUi();
  const attachments = chat.composer.attachments.value;
  if (attachments.length === 0) return null;
  return (
    <ul class="tray" aria-label={t("attachment.list")}>
      {attachments.map((attachment) => (
        <li key={attachment.key}>
          <Entry attachment={attachment} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ attachment }: { attachment: ComposerAttachment }) {
  const { chat } = useUi();
  const { key, name, status, failure } = attachment;
  return (
    <div class={`upload ${status}`}>
      <Picture attachment={attachment} />
      <span class="upload-words">
        <span class="file-name" dir="auto" title={name}>
          {name}
        </span>
        <span class="upload-state" dir="auto" title={stateText(attachment)}>
          {stateText(attachment)}
        </span>
      </span>
      {status === "uploading" && <Bar attachment={attachment} />}
      {failure?.retry && (
        <IconButton
          class="small"
          icon="reload"
          size={16}
          label={t("attachment.retry", { name })}
          onClick={() => chat.composer.retryAttachment(key)}
        />
      )}
      <Dismiss
        label={t("attachment.remove", { name })}
        onDismiss={() => chat.composer.removeAttachment(key)}
      />
    </div>
  );
}

function stateText({ status, size, failure }: ComposerAttachment): string {
  if (status === "failed") return failureReason(failure, "attachment.failed");
  return size === null ? "" : formatBytes(size);
}

function Bar({ attachment: { name, progress } }: { attachment: ComposerAttachment }) {
  return (
    <span
      class={`upload-bar ${progress === null ? "unknown" : ""}`}
      role="progressbar"
      aria-label={t("attachment.uploading", { name })}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={progress === null ? undefined : Math.round(progress * 100)}
    >
      <span style={progress === null ? {} : { width: `${progress * 100}%` }} />
    </span>
  );
}

function Picture({ attachment }: { attachment: ComposerAttachment }) {
  const preview = usePreview(attachment);
  if (preview) {
    return <img class="upload-image" src={preview} alt="" referrerpolicy="no-referrer" />;
  }
  return (
    <span class="upload-image">
      <Icon name={attachment.status === "failed" ? "warning" : "document"} />
    </span>
  );
}

/** The picture of what is uploaded: from the file while there is one, else from the server. */
function usePreview({ file, mimeType, attachment }: ComposerAttachment): string | null {
  const [local, setLocal] = useState<string | null>(null);
  useEffect(() => {
    if (!file || !mimeType.startsWith("image/")) return;
    const url = URL.createObjectURL(file);
    setLocal(url);
    return () => URL.revokeObjectURL(url);
  }, [file, mimeType]);
  return local ?? (attachment?.type === "image" ? serverImage(attachment.preview_url) : null);
}
