import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as esbuild from "esbuild";
import { build as buildWithVite } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { E2E, PYTHON, REPOSITORY, UI } from "./support/paths";
import { page, Stage } from "./support/stage";

/** A TypeScript project that has the npm package, as npm installs it, and one page. */
let project: string;
let installed: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "project-"));
  installed = join(project, "node_modules", "@chatkeep", "ui");
  execFileSync(PYTHON, [join(REPOSITORY, "tools", "build_ui.py"), "--pack", project]);
  const [packed] = await readdir(project);
  await mkdir(installed, { recursive: true });
  execFileSync("tar", ["xzf", join(project, packed!), "--strip-components=1", "-C", installed]);
  await symlink(join(UI, "node_modules", "@openai"), join(project, "node_modules", "@openai"));
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  await cp(join(E2E, "pages", "package.ts"), join(project, "page.ts"));
  await writeFile(join(project, "index.html"), '<script type="module" src="/page.ts"></script>');
});

afterAll(() => rm(project, { recursive: true, force: true }));

async function manifest(): Promise<Record<string, object>> {
  return JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
}

test("it has what its users need, and nothing of how it was made", async () => {
  expect((await readdir(installed)).sort()).toEqual([
    "LICENSE",
    "README.md",
    "dist",
    "index.d.ts",
    "package.json",
  ]);
  expect(Object.keys((await manifest())["dependencies"]!)).toEqual(["@openai/chatkit"]);
});

test("it passes on the licences of what is built in", async () => {
  const licences = await readFile(join(installed, "dist", "LICENSES.txt"), "utf8");
  for (const name of ["preact", "@preact/signals", "marked", "highlight.js", "katex"]) {
    expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
  }
});

test.each([
  // The official types have a path that nodenext refuses.
  ["bundler", "esnext", false],
  ["nodenext", "nodenext", true],
])(
  "its types fit a strict project that resolves modules as %s",
  async (resolution, module, skip) => {
    const config = {
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        lib: ["es2023", "dom", "dom.iterable"],
        module,
        moduleResolution: resolution,
        noEmit: true,
        skipLibCheck: skip,
        target: "es2022",
        types: [],
      },
      files: ["page.ts"],
    };
    const path = join(project, `tsconfig.${resolution}.json`);
    await writeFile(path, JSON.stringify(config));
    const tsc = join(UI, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [tsc, "-p", path], { encoding: "utf8" });
  },
);

test.each(['await import("@chatkeep/ui")', 'require("@chatkeep/ui")'])(
  "%s works where there is no DOM",
  (load) => {
    const type = load.startsWith("await") ? "module" : "commonjs";
    const script = `const { version } = ${load}; console.log(version)`;
    const args = [`--input-type=${type}`, "--eval", script];
    const said = execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });
    expect(said).toMatch(/^\d+\.\d+\.\d+\n$/);
  },
);

type Files = Map<string, Uint8Array>;

async function bundleWithVite(): Promise<Files> {
  const output = join(project, "built");
  await buildWithVite({
    root: project,
    logLevel: "error",
    build: {
      outDir: output,
      assetsInlineLimit: 0,
      rollupOptions: { input: join(project, "page.ts") },
    },
  });
  const names = await readdir(join(output, "assets"));
  const files: Files = new Map();
  for (const name of names)
    files.set(`/assets/${name}`, await readFile(join(output, "assets", name)));
  return files;
}

async function bundleWithEsbuild(): Promise<Files> {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: project,
    bundle: true,
    entryPoints: ["page.ts"],
    format: "esm",
    outdir: "assets",
    splitting: true,
    write: false,
  });
  const files: Files = new Map();
  for (const { path, contents } of outputFiles) files.set(path.slice(project.length), contents);
  // As the package's README says: esbuild does not find them.
  const chunks = join(installed, "dist", "chunks");
  for (const name of await readdir(chunks)) {
    if (name.endsWith(".woff2")) files.set(`/assets/${name}`, await readFile(join(chunks, name)));
  }
  return files;
}

describe.each([
  ["Vite", bundleWithVite],
  ["esbuild", bundleWithEsbuild],
])("bundled by %s", (_name, bundle) => {
  test("it shows all that comes in chunks: code, formulas with their fonts, widgets", async () => {
    const stage = await Stage.set();
    try {
      const files = await bundle();
      for (const [path, bytes] of files) stage.front.serve(path, bytes);
      const entry = [...files.keys()].find((path) => /\/page[^/]*\.js$/.test(path));
      const script = `<script type="module" src="${entry}"></script>`;
      stage.front.serve("/bundled.html", page(script).replace(/<script[^>]*async><\/script>/, ""));
      const [tab, chat] = await stage.open();
      await tab.page.goto("/bundled.html");
      await tab.page.getByRole("heading", { name: /^Version \d/ }).waitFor();
      await chat.ask("Sum $\\sum_i x_i^2$ in code:\n\n```python\nimport math\n```\n\nDone.");
      await chat.answers.first().locator(".code [class$=keyword]").first().waitFor();
      await chat.answers.first().locator(".katex").waitFor();
      await expect.poll(() => tab.page.evaluate(loadedFonts)).toContain("KaTeX_Math");
      await chat.ask("one widget");
      await tab.page.getByText("Free", { exact: true }).waitFor();
      await tab.close();
    } finally {
      await stage.strike();
    }
  });
});

function loadedFonts(): string[] {
  return [...document.fonts]
    .filter(({ status }) => status === "loaded")
    .map(({ family }) => family);
}
