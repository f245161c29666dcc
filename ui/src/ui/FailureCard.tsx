import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Key } from "../i18n";
import { formatDuration, t } from "../i18n";
import { Icon } from "../parts/icons/Icon";
import type { Failure } from "../state";
import { useUi } from "./context";
import { Dismiss } from "./Dismiss";

const BY_STATUS: Readonly<Record<number, Key>> = {
  401: "error.unauthorized",
  403: "error.unauthorized",
  404: "error.threadMissing",
  413: "error.tooLarge",
  429: "error.tooMany",
};

const BY_KIND: Readonly<Partial<Record<Failure["kind"], Key>>> = {
  network: "error.away",
  content_type: "error.foreign",
  cut: "error.stream",
  tool: "error.tool",
};

/** What Chatkeep says of anything that isn't there; we know what was looked for. */
const VAGUE = "not_found";

/** What went wrong, in words for the user: the server's, if it has any. */
export function failureText({ kind, code, message, status }: Failure): string {
  if (message && code !== VAGUE) return message;
  return t(BY_STATUS[status ?? 0] ?? BY_KIND[kind] ?? "error.unknown");
}

interface Props {
  failure: ReadonlySignal<Failure | null>;
  onDismiss: () => void;
}

/** Something that went wrong, and what can be done about it. */
export function FailureCard({ failure, onDismiss }: Props) {
  const shown = failure.value;
  // An alert is heard when it is filled, so its frame is always there.
  return (
    <div role="alert">
      {shown && (
        <div class="card-note danger">
          <Icon name="warning" size={18} />
          <p class="note-text" dir="auto">
            {failureText(shown)}
          </p>
          {shown.retry && <Retry retry={shown.retry} wait={shown.retryAfter ?? 0} />}
          <Dismiss onDismiss={onDismiss} />
        </div>
      )}
    </div>
  );
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @param wait Seconds for which the server wants to be left alone. */
function Retry({ retry, wait }: { retry: () => void; wait: number }) {
  const { returnToComposer } = useUi();
  const [waited, setWaited] = useState<(() => void) | null>(null);
  const isEarly = wait > 0 && waited !== retry;
  useEffect(() => {
    const milliseconds = Math.min(wait * 1000, LONGEST_TIMER_MS);
    const timer = setTimeout(() => setWaited(() => retry), milliseconds);
    return () => clearTimeout(timer);
  }, [retry, wait]);
  const again = () => {
    retry();
    returnToComposer();
  };
  return (
    <button type="button" class="button" disabled={isEarly} onClick={again}>
      <Icon name="reload" size={16} />
      {t("error.retry")}
      {isEarly && ` (${formatDuration(wait)})`}
    </button>
  );
}
