import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { parseAst } from "vite";
import { describe, expect, test } from "vitest";

const SOURCES = resolve(import.meta.dirname, "../../src");

/**
 * What each part may import besides itself: a folder, or a module that stands alone. What is not
 * named here may be imported by nothing, and the table itself may have no ring.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // what is sent and received
  wire: [],
  // what is known; it shows nothing
  state: ["wire"],
  // what a page gives, and is told
  nearest: [],
  shape: ["nearest"],
  events: [],
  options: ["events", "nearest", "shape", "state", "parts"],
  // what every view is made of
  i18n: [],
  sheets: [],
  theme: ["options", "sheets"],
  parts: ["i18n"],
  // texts, which know of no thread
  markdown: ["wire", "i18n", "sheets", "parts"],
  // trees of nodes
  widgets: ["wire", "state", "options", "i18n", "theme", "parts", "markdown"],
  // the chat
  ui: ["wire", "state", "events", "options", "i18n", "theme", "parts", "markdown", "widgets"],
  // the element
  message: ["options", "shape", "state"],
  session: ["events", "options", "state", "ui"],
  paint: [],
  element: ["events", "message", "options", "paint", "session", "shape", "sheets", "state"],
  define: ["element"],
  index: ["define", "element"],
  // what stands beside it
  loader: [],
  page: [],
};

/** In place of a name: the import says only at run time what it imports. */
const COMPUTED = "./(computed)";

const files = globSync("**/*.{ts,tsx}", { cwd: SOURCES }).filter((path) => !path.endsWith(".d.ts"));
const modules = new Map(files.map((path) => [path, importsOf(path)]));

describe("imports of the element's sources", () => {
  test("go down only, types and lazy ones too", () => {
    const wrong = [...modules].flatMap(([path, imported]) =>
      imported.filter((target) => !mayImport(path, target)).map((target) => `${path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("have no ring, within a folder either", () => {
    expect(rings(modules)).toEqual([]);
  });

  test("are allowed by a table that has none", () => {
    expect(rings(new Map(Object.entries(MAY_IMPORT)))).toEqual([]);
  });

  test("reach outside only for the types that a page sees", () => {
    const outside = [...modules].flatMap(([path, imported]) =>
      imported.filter((target) => target.startsWith("..")).map((target) => `${path}: ${target}`),
    );
    expect(outside).toEqual(["page/page.ts: ../index.d.ts"]);
  });
});

describe("the reader of imports", () => {
  test.each([
    ['import { a } from "./a";', ["./a"]],
    ['import type { A } from "./a";', ["./a"]],
    ['import { type A } from "./a";', ["./a"]],
    ['import "./a";', ["./a"]],
    ['export * from "./a";', ["./a"]],
    ['export type { A } from "./a";', ["./a"]],
    ['const a = import("./a");', ["./a"]],
    ['const A = lazy(() => import("./a").then(({ a }) => a));', ["./a"]],
    ['type A = import("./a").A;', ["./a"]],
    ['type A = typeof import("./a");', ["./a"]],
    ["const a = import(name);", ["./(computed)"]],
    ['import a from "preact";', []],
    ['// import a from "./a";', []],
  ])("sees in %s that it imports %j", (text, found) => {
    expect(namesIn("a.ts", text)).toEqual(found);
  });

  test("finds rings", () => {
    const imports = { a: ["b"], b: ["c"], c: ["b", "d"], d: [], e: ["e"] };
    expect(rings(new Map(Object.entries(imports)))).toEqual([["b", "c"], ["e"]]);
  });
});

function mayImport(path: string, target: string): boolean {
  const [from, to] = [partOf(path), partOf(target)];
  if (target.startsWith("..") || target.endsWith(".css")) return true;
  return from === to || (MAY_IMPORT[from]?.includes(to) ?? false);
}

/** The folder of a module, or the name of one that has none. */
function partOf(path: string): string {
  return path.split("/", 1)[0]!.replace(/\.tsx?$/, "");
}

/** The files that one imports, relative to the sources. */
function importsOf(path: string): string[] {
  const names = namesIn(path, readFileSync(join(SOURCES, path), "utf8"));
  // The loader is built apart, and told the name of the entry then.
  const known = path === "loader.ts" ? names.filter((name) => name !== COMPUTED) : names;
  return known.map((name) => resolved(path, name));
}

function namesIn(path: string, text: string): string[] {
  const lang = path.endsWith("x") ? "tsx" : "ts";
  return sources(parseAst(text, { lang })).filter((name) => name.startsWith("."));
}

/** What the `import`s and `export ... from`s below a node of a syntax tree name. */
function sources(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const below = Object.values(node).flatMap(sources);
  const { type, source } = node as { type?: string; source?: { value?: unknown } | null };
  if (!source || !/^(Import|Export|TSImport)/.test(type ?? "")) return below;
  return [typeof source.value === "string" ? source.value : COMPUTED, ...below];
}

function resolved(from: string, name: string): string {
  const path = join(SOURCES, dirname(from), name);
  const endings = ["", ".ts", ".tsx", "/index.ts", ".d.ts"];
  const found = endings
    .map((ending) => path + ending)
    .find((file) => /\.\w+$/.test(file) && existsSync(file));
  if (!found) throw new Error(`${from} imports ${name}, which is not there.`);
  return relative(SOURCES, found);
}

/** Modules that import each other, by whatever way round; or themselves. */
function rings(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const reached = new Map([...imports.keys()].map((name) => [name, reachedFrom(name, imports)]));
  const inRings = [...reached.keys()].filter((name) => reached.get(name)!.has(name));
  const ringOf = (name: string) =>
    inRings.filter((other) => reached.get(name)!.has(other) && reached.get(other)!.has(name));
  return [...new Set(inRings.map((name) => ringOf(name).join(" ")))].map((ring) => ring.split(" "));
}

function reachedFrom(start: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const next = [...(imports.get(start) ?? [])];
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    next.push(...(imports.get(name) ?? []));
  }
  return reached;
}
