import { t } from "../../i18n";
import { Icon } from "../../parts/icons/Icon";
import { useUi } from "../context";
import { Menu } from "../Menu";

/** The model for the next messages. */
export function ModelMenu({ isDisabled }: { isDisabled: boolean }) {
  const { chat, options } = useUi();
  const { models } = options.value.composer;
  const chosenId = chat.composer.modelId.value;
  const chosen = models.find(({ id }) => id === chosenId) ?? models[0];
  if (!chosen) return null;
  return (
    <Menu
      label={t("composer.model", { model: chosen.label! })}
      choices={models.map(({ id, label, description, disabled }) => ({
        id: id!,
        label: label!,
        description,
        isDisabled: disabled,
      }))}
      chosen={chosen.id}
      onChoose={(id) => chat.composer.selectModel(id)}
      isDisabled={isDisabled}
      align="end"
    >
      <span class="model-name">{chosen.label}</span>
      <Icon name="chevron-down" size={14} />
    </Menu>
  );
}
