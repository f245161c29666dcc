import { join } from "node:path";

import { build } from "esbuild";

import { E2E } from "./paths";

/** Bundle a page's script with one of the two versions of React, as `react` and `react-dom`. */
export async function bundleReact(version: 18 | 19): Promise<string> {
  const alias = version === 18 ? { react: "react-18", "react-dom": "react-dom-18" } : {};
  const { outputFiles } = await build({
    absWorkingDir: E2E,
    entryPoints: [join(E2E, "pages", "react.jsx")],
    alias,
    bundle: true,
    define: { "process.env.NODE_ENV": '"development"' }, // in which StrictMode does all twice
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "react",
    logLevel: "warning",
    // Ours is Preact's, for the element.
    tsconfigRaw: {},
    write: false,
  });
  return outputFiles[0]!.text;
}
