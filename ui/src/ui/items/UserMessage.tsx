import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import { serverImage } from "../../parts/images";
import type { UserItem } from "../../state";
import type { Attachment, UserMessageContent } from "../../wire/types";

/** What the user wrote, with what it replies to and the files that came with it. */
export function UserMessage({ item }: { item: UserItem }) {
  const { attachments, content, quoted_text: quote } = item;
  return (
    <article class={`user ${item.stage === "sending" ? "sending" : ""}`}>
      <h3 class="sr">{t("log.you")}</h3>
      {attachments.length > 0 && (
        <ul class="sent-files" aria-label={t("attachment.list")}>
          {attachments.map((attachment) => (
            <li key={attachment.id}>
              <SentFile attachment={attachment} />
            </li>
          ))}
        </ul>
      )}
      {quote && (
        <blockquote class="quote" dir="auto" aria-label={t("message.quoted")}>
          <Icon name="reply" size={16} />
          <span>{quote}</span>
        </blockquote>
      )}
      {content.some(({ text }) => text !== "") && (
        <div class="bubble" dir="auto">
          {content.map(partNode)}
        </div>
      )}
    </article>
  );
}

function partNode(part: UserMessageContent) {
  return part.type === "input_tag" ? <span class="tag">{part.text}</span> : part.text;
}

function SentFile({ attachment }: { attachment: Attachment }) {
  const preview = attachment.type === "image" ? serverImage(attachment.preview_url) : null;
  if (preview) {
    return (
      <img
        class="sent-image"
        src={preview}
        alt={attachment.name}
        loading="lazy"
        referrerpolicy="no-referrer"
      />
    );
  }
  return (
    <span class="file">
      <Icon name="document" />
      <span class="file-name" dir="auto">
        {attachment.name}
      </span>
    </span>
  );
}
