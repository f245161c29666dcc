export {
  daysAgo,
  formatBytes,
  formatDate,
  formatDuration,
  formatPercent,
  formatTime,
} from "./format";
export type { Key, Messages } from "./locales/en";
export { direction, resolve } from "./resolve";
export { dir, formatNumber, locale, setLocale, t } from "./t";
