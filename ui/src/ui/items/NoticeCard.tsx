import { Icon } from "../../parts/icons/Icon";
import type { Notice } from "../../state";
import { Dismiss } from "../Dismiss";

import { Prose } from "./Prose";

/** Something that the server wants to be known, in the place where it came. */
export function NoticeCard({ notice, onDismiss }: { notice: Notice; onDismiss: () => void }) {
  return (
    <div class={`item card-note ${notice.level}`} role="note">
      <Icon name={notice.level === "info" ? "info" : "warning"} size={18} />
      <div class="note-text">
        {notice.title && (
          <p class="note-title" dir="auto">
            {notice.title}
          </p>
        )}
        <Prose text={notice.message} />
      </div>
      <Dismiss onDismiss={onDismiss} />
    </div>
  );
}
