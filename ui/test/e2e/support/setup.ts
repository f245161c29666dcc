import { execFileSync } from "node:child_process";
import { join } from "node:path";

import type { TestProject } from "vitest/node";

import { PYTHON, REPOSITORY } from "./paths";

declare module "vitest" {
  interface ProvidedContext {
    browser: string;
  }
}

/** Find the browser, or say what is missing and fail: once, before the first test. */
export default function setup(project: TestProject): void {
  const script = join(REPOSITORY, "tools", "find_browser.py");
  const stdio = ["ignore", "pipe", "inherit"] as const;
  project.provide(
    "browser",
    execFileSync(PYTHON, [script], { stdio: [...stdio], encoding: "utf8" }).trim(),
  );
}
