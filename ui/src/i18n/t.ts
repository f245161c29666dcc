import { computed, signal } from "@preact/signals";

import type { Key, Messages } from "./locales/en";
import en from "./locales/en";
import { direction, load, resolve } from "./resolve";

/**
 * The language of the page's chats. It is one for the page, not for each element: what reads it
 * while rendering is rendered again when it changes.
 */
const current = signal({ tag: "en", messages: en });

let wanted = "en";

export const locale = computed(() => current.value.tag);
export const dir = computed(() => direction(current.value.tag));

const plurals = computed(() => new Intl.PluralRules(locale.value));

/** Change the language. Until its messages are there, or if they can't be had, the old one stays. */
export async function setLocale(requested: string): Promise<void> {
  wanted = requested;
  const { tag, messages } = resolve(requested);
  const loaded = messages === "en" ? en : await load(messages).catch(() => null);
  if (!loaded || wanted !== requested) return;
  const before = current.peek();
  if (before.tag === tag && before.messages === loaded) return;
  current.value = { tag, messages: loaded };
}

/**
 * A message in the current language.
 *
 * @param values What stands for `{name}` in it. `count` also chooses the plural form.
 */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(form(current.value.messages[key] ?? en[key], values["count"]), values);
}

function form(message: Messages[Key], count: string | number | undefined): string {
  if (typeof message === "string") return message;
  return message[plurals.value.select(Number(count))] ?? message.other;
}

function fill(message: string, values: Readonly<Record<string, string | number>>): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? formatNumber(value) : (value ?? whole);
  });
}

export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(locale.value, options).format(value);
}
