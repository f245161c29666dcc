import { Icon } from "../../parts/icons/Icon";
import { widgetImage } from "../../parts/images";
import { useSurroundings } from "../context";
import { classes, type Fields, record, text } from "../fields";

/** The text of a status; none without it. */
export function statusText(status: unknown): string {
  return text(record(status)?.["text"]);
}

/** What a card or a list says of itself, above its content. */
export function Status({ status }: { status: unknown }) {
  const fields = record(status);
  if (!fields || !statusText(fields)) return null;
  return (
    <span class="w-status">
      <Picture fields={fields} />
      <span dir="auto">{statusText(fields)}</span>
    </span>
  );
}

function Picture({ fields }: { fields: Fields }) {
  const { images } = useSurroundings();
  const src = widgetImage(fields["favicon"], images);
  const frame = fields["frame"] === true && "w-frame";
  if (src) {
    return (
      <img class={classes("w-favicon", frame)} src={src} alt="" referrerpolicy="no-referrer" />
    );
  }
  const icon = text(fields["icon"]);
  return icon ? <Icon name={icon} size={16} /> : null;
}
