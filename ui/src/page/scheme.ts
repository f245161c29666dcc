import type { ColorScheme } from "@openai/chatkit";

const KEY = "chatkeep.scheme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners: (() => void)[] = [];
let choice = stored();

/** The color scheme: the person's choice, else the system's, which may change by itself. */
export function current(): ColorScheme {
  return choice ?? (dark.matches ? "dark" : "light");
}

export function toggle(): void {
  choice = current() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // A browser may keep nothing: then the choice holds for this visit.
  }
  tell();
}

export function onChange(listener: () => void): void {
  listeners.push(listener);
}

function stored(): ColorScheme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : null;
  } catch {
    return null;
  }
}

function tell(): void {
  for (const listener of listeners) listener();
}

dark.addEventListener("change", tell);
addEventListener("storage", ({ key }) => {
  if (key !== KEY && key !== null) return; // null: all of it is gone
  choice = stored(); // as another tab has it now
  tell();
});
