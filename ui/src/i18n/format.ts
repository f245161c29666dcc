import { formatNumber, locale } from "./t";

const KILO = 1000;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size such as `25 MB`. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log(bytes) / Math.log(KILO)));
  return formatNumber(bytes / KILO ** step, {
    style: "unit",
    unit: UNITS[step]!,
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step < 2 ? 0 : 1,
  });
}

/** A length of time such as `4 sec` or `2 min`. */
export function formatDuration(seconds: number): string {
  const minutes = seconds >= 90;
  return formatNumber(Math.max(1, Math.round(minutes ? seconds / 60 : seconds)), {
    style: "unit",
    unit: minutes ? "minute" : "second",
    unitDisplay: "long",
  });
}

export function formatPercent(share: number): string {
  return formatNumber(share, { style: "percent", maximumFractionDigits: 0 });
}

/** A moment as a date; what is no date stays as it is. */
export function formatDate(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium" }).format(at);
}

/** How many midnights lie between a moment and now, by the clock on the wall. */
export function daysAgo(iso: string, now = new Date()): number {
  const then = new Date(iso);
  const midnight = (at: Date) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}
