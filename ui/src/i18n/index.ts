export { daysAgo, formatBytes, formatDate, formatDuration, formatPercent } from "./format";
export type { Key } from "./locales/en";
export { dir, locale, setLocale, t } from "./t";
