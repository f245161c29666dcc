import type { ComponentChildren } from "preact";

import { t } from "../i18n";
import { Icon } from "./icons/Icon";

interface Props {
  text?: string | null | undefined;
  /** What can be done about it. */
  children?: ComponentChildren;
}

/** Says that something can't be shown here, or what it says of itself. */
export function Note({ text, children }: Props) {
  return (
    <div class="card-note" role="note">
      <Icon name="info" size={18} />
      <p class="note-text" dir="auto">
        {text || t("widget.unsupported")}
      </p>
      {children}
    </div>
  );
}
