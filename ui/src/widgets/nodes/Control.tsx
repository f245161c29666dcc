import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import type { BoundAction } from "../actions";
import { classes } from "../fields";

interface Props {
  label: string;
  action: BoundAction | null;
  onClick?: () => void;
  class: string;
  disabled?: boolean;
  iconStart?: string;
  iconEnd?: string;
  iconSize?: number;
}

/** A button with an action. While it can't act it keeps the focus, and says so. */
export function Control(props: Props) {
  const { label, action, disabled = false, iconStart, iconEnd, iconSize = 16 } = props;
  const isRunning = action?.isRunning ?? false;
  const run = props.onClick ?? (() => void action?.run());
  return (
    <button
      type="button"
      class={classes("w-button", props.class)}
      disabled={disabled || !action}
      aria-disabled={action?.isBlocked ? true : undefined}
      aria-busy={isRunning ? true : undefined}
      aria-label={label ? undefined : wordsOf(iconStart || iconEnd)}
      onClick={run}
    >
      {isRunning ? (
        <Icon name="spinner" size={iconSize} />
      ) : (
        iconStart && <Icon name={iconStart} size={iconSize} />
      )}
      {label && <span dir="auto">{label}</span>}
      {iconEnd && !(isRunning && !label) && <Icon name={iconEnd} size={iconSize} />}
      {isRunning && <span class="sr">{t("workflow.working")}</span>}
    </button>
  );
}

/** For a button that has nothing else to be called by. */
function wordsOf(icon: string | undefined): string | undefined {
  return icon?.replace(/^lucide:/, "").replaceAll("-", " ");
}
