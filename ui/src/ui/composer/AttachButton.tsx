import { useRef } from "preact/hooks";

import { t } from "../../i18n";
import { IconButton } from "../../parts/IconButton";
import { useUi } from "../context";

interface Props {
  isDisabled: boolean;
  onFiles: (files: readonly File[]) => void;
}

/** Lets the user pick files. */
export function AttachButton({ isDisabled, onFiles }: Props) {
  const { options } = useUi();
  const input = useRef<HTMLInputElement>(null);
  const { accept, maxCount } = options.value.composer.attachments;
  return (
    <>
      <IconButton
        icon="plus"
        label={t("composer.attach")}
        disabled={isDisabled}
        onClick={() => input.current?.click()}
      />
      <input
        ref={input}
        type="file"
        hidden
        multiple={maxCount !== 1}
        accept={accept ? Object.entries(accept).flat(2).join(",") : undefined}
        onChange={(event) => {
          const picked = event.currentTarget;
          onFiles([...(picked.files ?? [])]);
          picked.value = ""; // so that the same file can be picked again
        }}
      />
    </>
  );
}
