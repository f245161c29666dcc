import { t } from "../i18n";
import type { Prompt } from "../options";
import { Icon } from "../parts/icons/Icon";
import type { UserMessageContent } from "../wire/types";
import { useUi } from "./context";

/** What is shown before the first message: a greeting, and messages to begin with. */
export function StartScreen() {
  const { chat, options, returnToComposer } = useUi();
  const { greeting, prompts } = options.value.startScreen;
  const send = ({ prompt }: Prompt) => {
    void chat.send({ content: contents(prompt) });
    returnToComposer();
  };
  return (
    <section class="start">
      <h2 class="greeting" dir="auto">
        {greeting ?? t("start.greeting")}
      </h2>
      {prompts.length > 0 && (
        <ul class="prompts" aria-label={t("start.prompts")}>
          {prompts.map((prompt) => (
            <li key={prompt.label}>
              <button type="button" class="prompt" onClick={() => send(prompt)}>
                <Icon name={prompt.icon ?? "sparkle"} size={18} />
                <span dir="auto">{prompt.label}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** As on the wire, where a tag always has data. */
function contents(prompt: Prompt["prompt"]): UserMessageContent[] {
  if (prompt === null) return [];
  if (typeof prompt === "string") return [{ type: "input_text", text: prompt }];
  return prompt.map((part) =>
    part.type === "input_tag"
      ? { ...part, data: part.data ?? {}, interactive: part.interactive ?? false }
      : part,
  );
}
