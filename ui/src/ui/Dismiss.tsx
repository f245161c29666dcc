import { t } from "../i18n";

import { IconButton } from "../parts/IconButton";
import { useUi } from "./context";

interface Props {
  /** What is taken away, if that isn't plain from where the button is. */
  label?: string;
  onDismiss: () => void;
}

/** A button that takes away what it stands in; the focus, which went with it, is the composer's. */
export function Dismiss({ label = t("error.dismiss"), onDismiss }: Props) {
  const { returnToComposer } = useUi();
  const dismiss = () => {
    onDismiss();
    returnToComposer();
  };
  return <IconButton class="small" icon="close" size={16} label={label} onClick={dismiss} />;
}
