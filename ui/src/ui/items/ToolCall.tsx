import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import type { Conversation, ToolCallItem } from "../../state";

import { Disclosure } from "./Disclosure";

interface Props {
  item: ToolCallItem;
  conversation: Conversation;
}

/** A tool of the page that the assistant used. */
export function ToolCall({ item, conversation }: Props) {
  const running =
    item.status === "pending" && item.stage !== "cut" && conversation.responding.value;
  return (
    <Disclosure
      class="tool"
      summary={
        <>
          <Icon name={running ? "spinner" : "tool"} size={18} />
          <span class={running ? "shimmer" : ""}>
            {t(running ? "tool.running" : "tool.done", { tool: readableName(item.name) })}
          </span>
        </>
      }
    >
      <dl class="tool-data">
        <dt>{t("tool.input")}</dt>
        <dd>{json(item.arguments)}</dd>
        {item.output !== undefined && item.output !== null && (
          <>
            <dt>{t("tool.output")}</dt>
            <dd>{json(item.output)}</dd>
          </>
        )}
      </dl>
    </Disclosure>
  );
}

/** `get_weather` and `getWeather` as words. */
function readableName(name: string): string {
  return name
    .replaceAll(/[_-]+/g, " ")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}

function json(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
