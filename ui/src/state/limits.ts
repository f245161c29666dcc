import type { ChatOptions, Rejection } from "./model";

type Limits = NonNullable<ChatOptions["attachments"]>;

/** Bytes that a file may have, if the page doesn't say. */
export const DEFAULT_MAX_SIZE = 100 * 1024 * 1024;
/** Files that a message may have, if the page doesn't say. */
export const DEFAULT_MAX_COUNT = 10;

/**
 * Sort files into those that may be attached and those that may not.
 *
 * @param count How many attachments there are already.
 */
export function admit(
  files: readonly File[],
  count: number,
  limits: Limits | undefined,
): { taken: File[]; rejected: Rejection[] } {
  const taken: File[] = [];
  const rejected: Rejection[] = [];
  for (const file of files) {
    const rejection = reject(file, count + taken.length, limits);
    if (rejection) rejected.push(rejection);
    else taken.push(file);
  }
  return { taken, rejected };
}

function reject(file: File, count: number, limits: Limits | undefined): Rejection | null {
  if (!limits?.enabled) return { file, reason: "disabled", limit: null };
  if (!isAccepted(file, limits.accept)) return { file, reason: "type", limit: null };
  const maxSize = sizeLimit(file.type, limits.maxSize);
  if (file.size > maxSize) return { file, reason: "size", limit: maxSize };
  const maxCount = limits.maxCount ?? DEFAULT_MAX_COUNT;
  return count >= maxCount ? { file, reason: "count", limit: maxCount } : null;
}

/** The most bytes that a file of a type may have: the limit of the pattern that says most of it. */
function sizeLimit(type: string, maxSize: Limits["maxSize"]): number {
  if (typeof maxSize === "number") return maxSize;
  const wanted = type.toLowerCase();
  const byPattern = new Map(
    Object.entries(maxSize ?? {}).map(([pattern, limit]) => [pattern.toLowerCase(), limit]),
  );
  const patterns = [wanted, `${wanted.split("/")[0]}/*`, "*/*", "*", ""];
  const limits = patterns.map((pattern) => byPattern.get(pattern));
  return limits.find((limit) => limit !== undefined) ?? DEFAULT_MAX_SIZE;
}

/** Whether a file's type or extension is among those that are accepted. */
function isAccepted(file: File, accept: Limits["accept"]): boolean {
  const kinds = Object.entries(accept ?? {});
  if (kinds.length === 0) return true;
  const name = file.name.toLowerCase();
  return kinds.some(
    ([type, extensions]) =>
      matches(file.type, type) ||
      extensions.some((extension) => name.endsWith(extension.toLowerCase())),
  );
}

function matches(type: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  const found = type.toLowerCase();
  if (wanted === "*/*" || wanted === "*") return true;
  return wanted.endsWith("/*") ? found.startsWith(wanted.slice(0, -1)) : found === wanted;
}
