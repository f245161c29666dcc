import { t } from "../i18n";
import type { WidgetEntry } from "../state";
import { Icon } from "../ui/icons/Icon";

/** A widget; for now, what it says of itself in plain text. */
export function WidgetView({ item }: { item: WidgetEntry }) {
  return (
    <div class="card-note">
      <Icon name="info" size={18} />
      <p class="note-text">{item.copy_text || t("widget.unsupported")}</p>
    </div>
  );
}
