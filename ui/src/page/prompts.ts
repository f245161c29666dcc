import type { StartScreenPrompt } from "@openai/chatkit";

/** What to begin with where the documents are Chatkeep's own: `<html data-about="chatkeep">`. */
const ABOUT_CHATKEEP: StartScreenPrompt[] = [
  asked("What happens when I reload in the middle of an answer?", "reload"),
  asked("How do I run it on PostgreSQL?", "cube"),
  asked("How do I connect a model of my own?", "sparkle"),
  asked("How do I show the chat in a React app?", "square-code"),
];

export function prompts(): StartScreenPrompt[] {
  return document.documentElement.dataset["about"] === "chatkeep" ? ABOUT_CHATKEEP : [];
}

function asked(question: string, icon: NonNullable<StartScreenPrompt["icon"]>): StartScreenPrompt {
  return { label: question, prompt: question, icon };
}
