import { useEffect } from "preact/hooks";

import { t } from "../../i18n";
import { Note } from "../../parts/Note";
import type { Item } from "../../state";

import { useUi } from "../context";

/** Stands in the place of an item that is not what it should be, and tells the page of it. */
export function BrokenItem({ item: { id, type }, error }: { item: Item; error: unknown }) {
  const { emit } = useUi();
  useEffect(
    () => emit("chatkit.log", { name: "item.broken", data: { type, id, error: String(error) } }),
    [emit, type, id, error],
  );
  return <Note text={t("item.broken")} />;
}
