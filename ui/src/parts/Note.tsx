import { t } from "../i18n";
import { Icon } from "./icons/Icon";

/** Says that something can't be shown here, or what it says of itself. */
export function Note({ text }: { text?: string | null | undefined }) {
  return (
    <div class="card-note" role="note">
      <Icon name="info" size={18} />
      <p class="note-text" dir="auto">
        {text || t("widget.unsupported")}
      </p>
    </div>
  );
}
