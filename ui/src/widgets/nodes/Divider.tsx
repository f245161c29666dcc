import { color, LINES } from "../colors";
import { useScheme } from "../context";
import { style } from "../css";
import { classes } from "../fields";
import { length, space } from "../layout";

import type { NodeProps } from "./props";

/** A line between parts. */
export function Divider({ node }: NodeProps) {
  const scheme = useScheme();
  const distance = space("margin-top", node["spacing"]);
  return (
    <hr
      class={classes("w-divider", node["flush"] === true && "w-flush")}
      style={style({
        borderTopColor: color(node["color"], LINES, scheme),
        borderTopWidth: length("border-top-width", node["size"]),
        marginTop: distance,
        marginBottom: distance,
      })}
    />
  );
}

/** Pushes its siblings apart. */
export function Spacer({ node }: NodeProps) {
  const least = length("flex-basis", node["minSize"]);
  return <div class="w-spacer" style={style({ flexBasis: least })} />;
}
