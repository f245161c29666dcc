// Builds the element into dist/:
//
//   chatkit.js, chatkit.VERSION.js   the loader, a classic script
//   chatkit.mjs                      the entry for bundlers and `import`
//   chunks/NAME-HASH.js              everything else; a change of content changes the name
//   LICENSES.txt                     of the packages that are built in
//
// and with `--static FOLDER` also what a server gives out into FOLDER: the same files, the page
// of `chatkeep serve` below page/, and .gz and .br files beside those they make
// smaller.
//
// The same sources give the same bytes. The build fails when what a page loads first, the loader,
// or what the first widget brings is over its budget.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";

import * as esbuild from "esbuild";

const BUDGETS = { "first load": 85, loader: 5, widgets: 20 }; // KB (of 1,000 bytes), gzipped
const COMPRESSIBLE = /\.(css|html|js|mjs|svg)$/;

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const { values: flags } = parseArgs({ options: { static: { type: "string" } } });
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

/** A style sheet is imported as its text, minified. */
const cssAsText = {
  name: "css-as-text",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await esbuild.transform(source, { loader: "css", minify: true, target });
      return { contents: code, loader: "text" };
    });
  },
};

/** A font is imported as its address, written in the way by which users' bundlers find files. */
const fontAsAddress = (fonts) => ({
  name: "font-as-address",
  setup(build) {
    build.onLoad({ filter: /\.woff2$/ }, async ({ path }) => {
      const bytes = await readFile(path);
      const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
      const name = `${basename(path, ".woff2")}-${hash}.woff2`;
      fonts.set(`chunks/${name}`, bytes);
      return { contents: `export default new URL("./${name}", import.meta.url).href;` };
    });
  },
});

const target = ["chrome110", "firefox115", "safari16.4"];

const common = {
  absWorkingDir: root,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  minify: true,
  target,
  write: false,
};

function buildModules(fonts) {
  return esbuild.build({
    ...common,
    chunkNames: "[name]-[hash]",
    define: { __VERSION__: JSON.stringify(version) },
    entryNames: "[name]-[hash]",
    entryPoints: { chatkit: "src/index.ts" },
    format: "esm",
    outdir: "dist/chunks",
    plugins: [cssAsText, fontAsAddress(fonts)],
    splitting: true,
  });
}

function buildLoader(modules) {
  const paths = modules.map((path) => `./chunks/${basename(path)}`);
  return esbuild.build({
    ...common,
    define: { __ENTRY__: JSON.stringify(paths[0]), __PRELOADS__: JSON.stringify(paths.slice(1)) },
    entryPoints: { chatkit: "src/loader.ts" },
    format: "iife",
    outdir: "dist",
  });
}

async function buildPage() {
  const { outputFiles } = await esbuild.build({
    ...common,
    entryPoints: ["src/page/page.ts", "src/page/page.css"],
    format: "iife",
    loader: { ".css": "css" },
    outdir: "dist/page",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  for (const name of ["index.html", "icon.svg"]) {
    files.set(name, await readFile(join(root, "src/page", name)));
  }
  return new Map([...files].map(([name, bytes]) => [`page/${name}`, bytes]));
}

/** What a module's output and all that it imports statically are, its own first. */
function loadOf(source, { outputs }) {
  const entry = Object.keys(outputs).find((path) => outputs[path].entryPoint === source);
  const found = new Set([entry]);
  for (const path of found) {
    for (const { kind, path: imported } of outputs[path].imports) {
      if (kind === "import-statement") found.add(imported);
    }
  }
  return [...found];
}

/** What the packages that are built in ask of those who pass them on. */
async function licences({ inputs }) {
  const paths = Object.keys(inputs).join("\n");
  const names = new Set(paths.match(/(?<=^node_modules\/)(@[^/]+\/)?[^/]+/gm));
  const texts = [...names].sort().map(async (name) => {
    const [about, text] = await Promise.all(
      ["package.json", "LICENSE"].map((file) =>
        readFile(join(root, "node_modules", name, file), "utf8"),
      ),
    );
    return `${name} ${JSON.parse(about).version}\n\n${text.trim()}\n`;
  });
  return Buffer.from((await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`));
}

/** Replace a folder, all at once: a server may be reading it. */
async function write(folder, files) {
  const next = `${folder}.next`;
  await rm(next, { recursive: true, force: true });
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(next, name)), { recursive: true });
    await writeFile(join(next, name), bytes);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(next, folder);
}

function compressed(files) {
  const all = new Map(files);
  for (const [name, bytes] of files) {
    if (!COMPRESSIBLE.test(name)) continue;
    const packed = { gz: gzipSync(bytes, { level: 9 }), br: brotliCompressSync(bytes) };
    for (const [suffix, smaller] of Object.entries(packed)) {
      if (smaller.length < bytes.length) all.set(`${name}.${suffix}`, smaller);
    }
  }
  return all;
}

function size(...parts) {
  return parts.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0) / 1000;
}

function report(files, first, widgets) {
  const sizeOf = (paths) => size(...paths.map((path) => files.get(`chunks/${basename(path)}`)));
  const sizes = {
    "first load": sizeOf(first),
    loader: size(files.get("chatkit.js")),
    widgets: sizeOf(widgets.filter((path) => !first.includes(path))),
  };
  const lazy = [...files.keys()].filter(
    (name) => name.startsWith("chunks/") && !first.some((path) => name.endsWith(basename(path))),
  );
  const print = (kilobytes, text) => console.log(`${kilobytes.toFixed(1).padStart(7)} KB  ${text}`);
  for (const name of lazy) print(size(files.get(name)), name);
  for (const [name, kilobytes] of Object.entries(sizes)) {
    print(kilobytes, `${name}, gzipped, of ${BUDGETS[name]}`);
    if (kilobytes > BUDGETS[name]) {
      console.error(`Over its budget: ${name}.`);
      process.exitCode = 1;
    }
  }
}

async function main() {
  const fonts = new Map();
  const modules = await buildModules(fonts);
  const first = loadOf("src/index.ts", modules.metafile);
  const loader = (await buildLoader(first)).outputFiles[0].contents;
  const files = new Map([
    ...modules.outputFiles.map(({ path, contents }) => [`chunks/${basename(path)}`, contents]),
    ...[...fonts].sort(),
  ]);
  files.set("chatkit.js", loader);
  files.set(`chatkit.${version}.js`, loader);
  files.set("chatkit.mjs", Buffer.from(`export * from "./chunks/${basename(first[0])}";\n`));
  files.set("LICENSES.txt", await licences(modules.metafile));
  report(files, first, loadOf("src/widgets/Widget.tsx", modules.metafile));
  if (process.exitCode) return;
  await write(dist, files);
  if (flags.static) await write(flags.static, compressed([...files, ...(await buildPage())]));
}

await main().catch((error) => {
  if (!error.errors) throw error; // what is wrong in a source has been shown
  process.exitCode = 1;
});
