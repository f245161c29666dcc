import { signal } from "@preact/signals";

import { own } from "../own";

import { CORE } from "./core";

type CoreIcon = keyof typeof CORE;
/** A name of the element's own, or one that a page or a server gives (`lucide:` may precede it). */
export type IconName = CoreIcon | (string & {});

const more = signal<Readonly<Record<string, string>> | null>(null);
let asked = false;

/** A picture beside a text that says the same: always hidden from screen readers. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  const path = find(name.replace(/^lucide:/, ""));
  return (
    <svg
      class={name === "spinner" ? "spin" : undefined}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={path?.[0] === "!" || path?.[0] === "*" ? "currentColor" : "none"}
      stroke={path?.[0] === "*" ? "none" : "currentColor"}
      stroke-width={size < 18 ? 2 : 1.75}
      stroke-linecap="round"
      stroke-linejoin="round"
      fill-rule="evenodd"
      aria-hidden="true"
    >
      {path && <path d={path.replace(/^[!*]/, "")} />}
    </svg>
  );
}

/** The path of an icon; none while the rest of them is on its way, or if there is no such icon. */
function find(name: string): string | undefined {
  const path = own(CORE, name);
  if (path !== undefined) return path;
  if (!asked) void fetchMore();
  return more.value ? own(more.value, name) : undefined;
}

async function fetchMore(): Promise<void> {
  asked = true;
  try {
    more.value = (await import("./more")).MORE;
  } catch {
    asked = false; // an icon that is missing is not worth more than another try
  }
}
