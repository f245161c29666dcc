import { useScheme } from "../context";
import { classes, type Fields } from "../fields";
import { boxStyle, flexStyle, spacing } from "../layout";

import type { NodeProps } from "./props";
import { Themed } from "./Themed";

/** Lays its children out in its direction; in a column if it has none. */
export function Box({ node, children }: NodeProps) {
  return (
    <Flex fields={node} isRow={node["direction"] === "row"}>
      {children}
    </Flex>
  );
}

export function Row({ node, children }: NodeProps) {
  return (
    <Flex fields={node} isRow>
      {children}
    </Flex>
  );
}

export function Col({ node, children }: NodeProps) {
  return (
    <Flex fields={node} isRow={false}>
      {children}
    </Flex>
  );
}

/** A root without a frame. */
export function Basic({ node, children }: NodeProps) {
  const style = { ...flexStyle(node), ...spacing("padding", node["padding"]) };
  const direction = node["direction"] === "row" ? "w-row" : "w-col";
  return (
    <Themed fields={node} class={`w-basic ${direction}`} style={style}>
      {children}
    </Themed>
  );
}

/** Its child, as it is: changes are shown without a transition. */
export function Transition({ children }: NodeProps) {
  return <>{children}</>;
}

function Flex({ fields, isRow, children }: FlexProps) {
  const scheme = useScheme();
  return (
    <div class={classes("w-box", isRow ? "w-row" : "w-col")} style={boxStyle(fields, scheme)}>
      {children}
    </div>
  );
}

interface FlexProps {
  fields: Fields;
  isRow: boolean;
  children: NodeProps["children"];
}
