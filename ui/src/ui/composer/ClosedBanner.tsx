import { t } from "../../i18n";

import { useUi } from "../context";

/** Stands in the composer's place in a thread that takes no more messages. */
export function ClosedBanner({ reason }: { reason: string | null }) {
  const { chat, returnToComposer } = useUi();
  const startNew = async () => {
    await chat.openThread(null);
    returnToComposer();
  };
  return (
    <div class="closed" role="note">
      <p dir="auto">{reason || t("composer.closed")}</p>
      <button type="button" class="button" data-focus-first onClick={() => void startNew()}>
        {t("composer.startNew")}
      </button>
    </div>
  );
}
