import { readFile } from "node:fs/promises";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** As in build.mjs, a style sheet is imported as its text. */
const cssAsText: Plugin = {
  name: "css-as-text",
  enforce: "pre",
  async resolveId(source, importer, options) {
    if (!source.endsWith(".css")) return null;
    const found = await this.resolve(source, importer, { ...options, skipSelf: true });
    return found && `\0text:${found.id.replace(/\.css$/, "")}`;
  },
  async load(id) {
    if (!id.startsWith("\0text:")) return null;
    const css = await readFile(`${id.slice("\0text:".length)}.css`, "utf8");
    return `export default ${JSON.stringify(css)};`;
  },
};

export default defineConfig({
  define: { __VERSION__: JSON.stringify("0.0.0-test") },
  plugins: [cssAsText],
  test: {
    environment: "node", // where a DOM is needed, a test says: // @vitest-environment happy-dom
    include: ["test/unit/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 30_000, // what hangs, not what is slow
  },
});
