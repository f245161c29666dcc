import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

import { Icon } from "../../parts/icons/Icon";

interface Props {
  /** What stands on the button. */
  summary: ComponentChildren;
  /** Whether it is open as long as the user has not touched it. */
  isOpen?: boolean;
  class?: string;
  children: ComponentChildren;
}

/** Something that a button unfolds. What is folded is not in the page. */
export function Disclosure({ summary, isOpen = false, class: more = "", children }: Props) {
  const [chosen, choose] = useState<boolean | null>(null);
  const id = useId();
  const open = chosen ?? isOpen;
  return (
    <div class={`disclosure ${more}`}>
      <button
        type="button"
        class="disclosure-button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => choose(!open)}
      >
        {summary}
        <Icon name="chevron-right" size={16} />
      </button>
      {open && (
        <div class="disclosure-body" id={id}>
          {children}
        </div>
      )}
    </div>
  );
}
