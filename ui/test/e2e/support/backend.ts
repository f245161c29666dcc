import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { E2E, PYTHON, REPOSITORY, UI } from "./paths";

const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/;

/** A `chatkeep serve` of its own, on a free port, that keeps its threads in memory. */
export class Backend {
  private constructor(
    readonly origin: string,
    readonly process: ChildProcess,
  ) {}

  /** @param what Folders to answer from, or `--app` and its name. */
  static async start(...what: string[]): Promise<Backend> {
    const given = ["-m", "chatkeep", "serve", ...what, "--port", "0", "--database", "memory:"];
    const args = what[0] === "--app" ? given.slice(0, -2) : given;
    const process = spawn(PYTHON, args, {
      cwd: REPOSITORY,
      env: {
        ...globalThis.process.env,
        PYTHONPATH: [join(E2E, "support"), join(UI, "scripts")].join(":"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: string[] = [];
    process.stderr.on("data", (chunk) => said.push(String(chunk)));
    for await (const line of createInterface({ input: process.stdout })) {
      const address = ADDRESS.exec(line)?.[0];
      if (address) return new Backend(address, process);
    }
    throw new Error(`chatkeep serve ended before it listened:\n${said.join("")}`);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGINT");
    const slow = setTimeout(() => this.process.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(slow);
  }
}
