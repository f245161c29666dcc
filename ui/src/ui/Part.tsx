import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import type { Emit } from "../events";
import { t } from "../i18n";
import { Boundary } from "../parts/Boundary";
import { Icon } from "../parts/icons/Icon";
import { Note } from "../parts/Note";
import { asError } from "../state/failure";

interface Props {
  /** What it shows: another is tried at once, the same when the user asks for it. */
  of: unknown;
  emit: Emit;
  children: ComponentChildren;
}

/** A part of the chat. One that can't be shown says so, and leaves the others as they are. */
export class Part extends Boundary<Props, unknown> {
  protected override value({ of }: Props) {
    return of;
  }

  protected override show(_of: unknown, { children }: Props) {
    return children;
  }

  protected override instead(_of: unknown, error: unknown) {
    return <Broken error={error} emit={this.props.emit} onRetry={() => this.tryAgain()} />;
  }
}

interface BrokenProps {
  error: unknown;
  emit: Emit;
  onRetry: () => void;
}

function Broken({ error, emit, onRetry }: BrokenProps) {
  useEffect(() => emit("chatkit.error", { error: asError(error) }), [error, emit]);
  return (
    <div class="column">
      <Note text={t("item.broken")}>
        <button type="button" class="button" onClick={onRetry}>
          <Icon name="reload" size={16} />
          {t("error.retry")}
        </button>
      </Note>
    </div>
  );
}
