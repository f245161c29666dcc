// The figures as Markdown tables: each budget beside what was measured, and where the time went.

export const SUBJECTS = {
  element: "the element",
  inner: "innerHTML",
  memoised: "memoised blocks",
  reading: "reading only",
};

const BLOCKS = ["fence", "list", "table", "paragraph"];

/** A budget is the most that a figure of the element may be. */
const ROWS = [
  ["1,000 deltas at 1,000 tokens", "short", null, "ms"],
  ["1,000 deltas at 20,000 tokens", "long", 600, "ms"],
  ["the same, by the figure at 1,000", "ratio", 1.5, "x"],
  ...BLOCKS.map((block) => [`1,000 deltas of one ${block} of 20,000 tokens`, block, 1000, "ms"]),
  ["long tasks while streaming, at 20,000", "long long tasks", 0, ""],
  ...BLOCKS.map((block) => [`long tasks in one ${block}`, `${block} long tasks`, 0, ""]),
  ["completing the answer of 20,000 tokens", "long finish", null, "ms"],
  ["movement of the view while scrolled up", "movement", 0, "px"],
  ["movement of the text in view", "movement of the text", 0, "px"],
  ["movement while an answer is not followed", "movement unfollowed", 0, "px"],
  ["keystroke at rest, p95", "keystroke at rest", null, "ms"],
  ["keystroke while streaming, p95", "keystroke", 50, "ms"],
  ["500 messages in one page: open", "open", 1000, "ms"],
  ["500 messages, in pages of 50: open", "open in pages", 1000, "ms"],
  ["500 messages: heap", "heap", 15, "MB"],
  ["first load, gzipped", "first", 85, "KB"],
  ["loader, gzipped", "loader", 5, "KB"],
  ["widgets, gzipped", "widgets", 20, "KB"],
];

/** @param figures By subject, then by name: every value that was measured. */
export function table(figures) {
  const rows = ROWS.filter(([, name]) => figures.element[name]).map(([text, name, most, unit]) => {
    const values = Object.keys(SUBJECTS).map((subject) => cell(figures[subject][name], unit));
    const mine = median(figures.element[name]);
    const verdict = most === null ? "" : mine <= most ? "met" : "**not met**";
    return [text, most === null ? "" : `${round(most)} ${unit}`.trim(), ...values, verdict];
  });
  return markdown(["", "budget", ...Object.values(SUBJECTS), ""], rows);
}

/** Where the element's main thread spends its time. */
export function breakdown({ element }) {
  const names = ["short", "long", ...BLOCKS].filter((name) => element[name]);
  const rows = names.map((name) => {
    const parts = ["script", "style", "layout"].map((part) => median(element[`${name} ${part}`]));
    const total = median(element[name]);
    const rest = total - parts.reduce((sum, part) => sum + part);
    const longest = median(element[`${name} longest task`]);
    return [name, ...[total, ...parts, rest].map(round), longest ? round(longest) : "under 50"];
  });
  const rest = "paint and the rest";
  return markdown(
    ["ms per 1,000 deltas", "all", "script", "style", "layout", rest, "longest task"],
    rows,
  );
}

function cell(values, unit) {
  const known = values?.filter((value) => value !== null) ?? [];
  if (known.length === 0) return "";
  const [low, high] = [Math.min(...known), Math.max(...known)].map(round);
  const text = `${round(median(known))} ${unit}`.trim();
  return low === high ? text : `${text} (${low} to ${high})`;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function round(value) {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return Number(value.toFixed(digits)).toLocaleString("en-US");
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
