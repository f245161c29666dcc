import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";

import type { IconName } from "../parts/icons/Icon";
import { Icon } from "../parts/icons/Icon";

interface Choice {
  readonly id: string;
  readonly label: string;
  readonly description?: string | null;
  readonly icon?: IconName | null;
  readonly isDisabled?: boolean;
}

interface Props {
  /** What the button is for. */
  label: string;
  /** What stands on the button. */
  children: ComponentChildren;
  choices: readonly Choice[];
  chosen: string | null;
  onChoose: (id: string) => void;
  isDisabled?: boolean;
  /** At which end of the button the menu is. */
  align?: "start" | "end";
}

/** A button, and above it a menu of which one is chosen. */
export function Menu({
  label,
  children,
  choices,
  chosen,
  onChoose,
  isDisabled,
  align = "start",
}: Props) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (focus: boolean) => {
    setOpen(false);
    if (focus) button.current?.focus();
  };
  useCloseOutside(
    isOpen,
    frame,
    useCallback(() => setOpen(false), []),
  );
  useEffect(() => {
    if (!isOpen) return;
    const entries = [...frame.current!.querySelectorAll<HTMLElement>("[role=menuitemradio]")];
    (entries.find((entry) => entry.ariaChecked === "true") ?? entries[0])?.focus();
  }, [isOpen]);

  return (
    <div class={`menu-frame at-${align}`} ref={frame}>
      <button
        ref={button}
        type="button"
        class="icon-button with-label"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        disabled={isDisabled}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children}
      </button>
      {isOpen && (
        <div
          class="menu scrolls"
          id={id}
          role="menu"
          aria-label={label}
          onKeyDown={(event) => move(event, close)}
        >
          {choices.map((choice) => (
            <Entry
              key={choice.id}
              choice={choice}
              isChosen={choice.id === chosen}
              onChoose={() => {
                onChoose(choice.id);
                close(true);
              }}
            />
          ))}
        </div>
      )}
    </div>
  );
}

interface EntryProps {
  choice: Choice;
  isChosen: boolean;
  onChoose: () => void;
}

function Entry({ choice, isChosen, onChoose }: EntryProps) {
  return (
    <button
      type="button"
      class="menu-entry"
      role="menuitemradio"
      aria-checked={isChosen}
      aria-disabled={choice.isDisabled ?? false}
      tabIndex={-1}
      onClick={() => !choice.isDisabled && onChoose()}
    >
      {choice.icon && <Icon name={choice.icon} size={18} />}
      <span class="menu-words" dir="auto">
        {choice.label}
        {choice.description && <span class="menu-description">{choice.description}</span>}
      </span>
      <span class="menu-check">{isChosen && <Icon name="check" size={16} />}</span>
    </button>
  );
}

function move(event: KeyboardEvent, close: (focus: boolean) => void): void {
  const menu = event.currentTarget as HTMLElement;
  const entries = [...menu.querySelectorAll<HTMLElement>("[role=menuitemradio]")];
  const at = entries.indexOf(event.target as HTMLElement);
  const steps: Record<string, number> = {
    ArrowDown: (at + 1) % entries.length,
    ArrowUp: (at - 1 + entries.length) % entries.length,
    Home: 0,
    End: entries.length - 1,
  };
  if (event.key === "Escape") {
    event.stopPropagation();
    close(true);
  } else if (event.key === "Tab") {
    close(false);
  } else if (event.key in steps) {
    event.preventDefault();
    entries[steps[event.key]!]?.focus();
  }
}

function useCloseOutside(
  isOpen: boolean,
  frame: { current: HTMLElement | null },
  close: () => void,
): void {
  useEffect(() => {
    if (!isOpen) return;
    const pressed = (event: PointerEvent) => {
      if (!event.composedPath().includes(frame.current!)) close();
    };
    document.addEventListener("pointerdown", pressed);
    return () => document.removeEventListener("pointerdown", pressed);
  }, [isOpen, frame, close]);
}
