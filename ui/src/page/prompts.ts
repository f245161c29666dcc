import type { StartScreenPrompt } from "@openai/chatkit";

/** What the server offers to begin with: a list of questions in `<html data-prompts>`. */
export function prompts(): StartScreenPrompt[] {
  const questions = JSON.parse(document.documentElement.dataset["prompts"] ?? "[]") as string[];
  return questions.map((question) => ({ label: question, prompt: question }));
}

/** What the server has to say before anything else, in `<html data-notice>`: no documents, say. */
export function notice(): { greeting?: string } {
  const said = document.documentElement.dataset["notice"];
  return said ? { greeting: said } : {};
}
