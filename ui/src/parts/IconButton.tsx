import type { ButtonHTMLAttributes, ComponentChildren } from "preact";

import type { IconName } from "./icons/Icon";
import { Icon } from "./icons/Icon";

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "class"> {
  icon: IconName;
  /** What the button does: its name for screen readers, and its tooltip. */
  label: string;
  size?: number;
  class?: string;
  children?: ComponentChildren;
}

/** A button that shows an icon, and perhaps a word behind it. */
export function IconButton({ icon, label, size = 20, class: more, children, ...rest }: Props) {
  return (
    <button
      type="button"
      class={["icon-button", children && "with-label", more].filter(Boolean).join(" ")}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon name={icon} size={size} />
      {children}
    </button>
  );
}
