import { useState } from "preact/hooks";

import { copyText } from "./clipboard";
import { IconButton } from "./IconButton";

const COPIED_MS = 2000;

interface Props {
  text: () => string;
  label: string;
  /** The label for a while after it was pressed. */
  copiedLabel: string;
  size: number;
  onCopied?: () => void;
}

/** A button that copies a text, and shows for a while that it has. */
export function CopyButton({ text, label, copiedLabel, size, onCopied }: Props) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text()))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
    onCopied?.();
  };
  return (
    <IconButton
      class="small"
      icon={copied ? "check" : "copy"}
      size={size}
      label={copied ? copiedLabel : label}
      onClick={() => void copy()}
    />
  );
}
