import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import { useUi } from "../context";

/** Sends the message, or, while an answer comes, stops that. */
export function SendButton() {
  const { chat } = useUi();
  const { responding, canStop, phase } = chat.conversation.value;
  const canSend = chat.composer.canSend.value;
  if (!responding.value) {
    return (
      <button type="submit" class="send" aria-label={t("composer.send")} disabled={!canSend}>
        <Icon name="arrow-up" />
      </button>
    );
  }
  const stopping = phase.value === "stopping";
  const label = t(stopping ? "composer.stopping" : "composer.stop");
  return (
    <button
      type="button"
      class="send stop"
      aria-label={label}
      title={label}
      disabled={!canStop.value}
      onClick={() => void chat.stop()}
    >
      <Icon name={stopping ? "spinner" : "stop"} />
    </button>
  );
}
