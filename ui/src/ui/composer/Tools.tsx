import { t } from "../../i18n";
import type { Tool } from "../../options";
import { IconButton } from "../../parts/IconButton";
import { Icon } from "../../parts/icons/Icon";
import { useUi } from "../context";
import { Menu } from "../Menu";

/** The tools for the next message: pinned ones as buttons, the others in a menu. */
export function Tools({ isDisabled }: { isDisabled: boolean }) {
  const { chat, options, returnToComposer } = useUi();
  const { tools } = options.value.composer;
  const chosenId = chat.composer.toolId.value;
  const listed = tools.filter(({ pinned }) => !pinned);
  const chosen = listed.find(({ id }) => id === chosenId);
  const toggle = (id: string) => chat.composer.selectTool(id === chosenId ? null : id);
  return (
    <>
      {listed.length > 0 && (
        <Menu
          label={t("composer.tools")}
          choices={listed.map(asChoice)}
          chosen={chosenId}
          onChoose={toggle}
          isDisabled={isDisabled}
        >
          <Icon name="settings-slider" />
        </Menu>
      )}
      {chosen && (
        <IconButton
          class="chosen"
          icon={chosen.icon ?? "sparkle"}
          size={18}
          label={t("composer.toolOff", { tool: chosen.label })}
          disabled={isDisabled}
          onClick={() => {
            toggle(chosen.id!);
            returnToComposer();
          }}
        >
          <span class="wide-only">{chosen.shortLabel ?? chosen.label}</span>
          <Icon name="close" size={14} />
        </IconButton>
      )}
      {tools
        .filter(({ pinned }) => pinned)
        .map((tool) => (
          <IconButton
            key={tool.id}
            icon={tool.icon ?? "sparkle"}
            size={18}
            label={tool.label!}
            aria-pressed={tool.id === chosenId}
            disabled={isDisabled}
            onClick={() => toggle(tool.id!)}
          >
            <span class="wide-only">{tool.shortLabel ?? tool.label}</span>
          </IconButton>
        ))}
    </>
  );
}

function asChoice({ id, label, icon }: Tool) {
  return { id: id!, label: label!, icon };
}
