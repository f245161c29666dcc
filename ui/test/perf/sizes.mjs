// What a page loads, in gzipped KB of 1,000 bytes, of the files that were built.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

const STATIC_IMPORT = /(?:\bfrom|\bimport)\s*"\.\/([\w.-]+\.js)"/g;

export async function sizes(built) {
  const chunks = join(built, "chunks");
  const entry = /chunks\/([\w.-]+\.js)/.exec(await readFile(join(built, "chatkit.mjs"), "utf8"))[1];
  const widget = (await readdir(chunks)).find((name) => /^Widget-\w+\.js$/.test(name));
  const first = await withImports(chunks, entry);
  const later = [...(await withImports(chunks, widget))].filter((name) => !first.has(name));
  return {
    first: await gzipped([...first].map((name) => join(chunks, name))),
    loader: await gzipped([join(built, "chatkit.js")]),
    widgets: await gzipped(later.map((name) => join(chunks, name))),
  };
}

/** A module and all that it imports statically. */
async function withImports(folder, name) {
  const found = new Set([name]);
  for (const module of found) {
    const source = await readFile(join(folder, module), "utf8");
    for (const [, imported] of source.matchAll(STATIC_IMPORT)) found.add(imported);
  }
  return found;
}

async function gzipped(paths) {
  const files = await Promise.all(paths.map((path) => stat(`${path}.gz`)));
  return files.reduce((sum, { size }) => sum + size, 0) / 1000;
}
