/**
 * Readers of a node's fields. A server may put anything there: what is not what it should be is
 * as if it were not there.
 */
export type Fields = Readonly<Record<string, unknown>>;

export function record(value: unknown): Fields | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Fields) : undefined;
}

/** A text to show; numbers are texts too. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : Number.isFinite(value) ? String(value) : "";
}

/** A whole number above zero. */
export function count(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}

export function choice<T extends string>(value: unknown, choices: readonly T[]): T | undefined;
export function choice<T extends string>(value: unknown, choices: readonly T[], fallback: T): T;
export function choice<T extends string>(value: unknown, choices: readonly T[], fallback?: T) {
  return choices.find((one) => one === value) ?? fallback;
}

/** The names of classes, without what is false or missing. */
export function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
