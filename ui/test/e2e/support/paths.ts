import { join } from "node:path";

export const E2E = join(import.meta.dirname, "..");
export const UI = join(E2E, "..", "..");
export const REPOSITORY = join(UI, "..");
/** The Python that has Chatkeep: the one that runs the tests, else the checkout's own. */
export const PYTHON = process.env["PYTHON"] ?? join(REPOSITORY, ".venv", "bin", "python");
