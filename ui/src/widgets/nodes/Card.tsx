import { useState } from "preact/hooks";

import { Icon } from "../../parts/icons/Icon";
import type { WidgetNode } from "../../wire/types";
import { useAction } from "../actions";
import { type Style, style } from "../css";
import { choice, record, text } from "../fields";
import { background, border, spacing } from "../layout";

import { Control } from "./Control";
import type { NodeProps } from "./props";
import { Status, statusText } from "./Status";
import { Themed, useOwnScheme } from "./Themed";

/** A frame with a status above, and buttons to confirm or cancel below. */
export function Card({ node, children }: NodeProps) {
  const scheme = useOwnScheme(node);
  const [isConfirmed, setConfirmed] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const isDone = isConfirmed || !record(node["confirm"]);
  const canFold = node["collapsed"] === true && isDone && statusText(node["status"]) !== "";
  return (
    <Themed
      fields={node}
      class={`w-frame-card w-card w-card-${choice(node["size"], ["sm", "md", "lg", "full"], "md")}`}
      style={{ ...background(node, scheme), ...border(node["border"], scheme) }}
    >
      <Head status={node["status"]} canFold={canFold} isOpen={isOpen} onFold={setOpen} />
      {(!canFold || isOpen) && (
        <>
          <div class="w-col w-card-body" style={padding(node["padding"])}>
            {children}
          </div>
          <Foot node={node} onConfirmed={() => setConfirmed(true)} />
        </>
      )}
    </Themed>
  );
}

/** What is flush with the edge must know how far it is. */
function padding(value: unknown): Style {
  const sides = spacing("padding", value);
  return {
    ...sides,
    ...style({ "--w-inset": sides["paddingLeft"], "--w-inset-top": sides["paddingTop"] }),
  };
}

interface HeadProps {
  status: unknown;
  canFold: boolean;
  isOpen: boolean;
  onFold: (isOpen: boolean) => void;
}

function Head({ status, canFold, isOpen, onFold }: HeadProps) {
  if (!statusText(status)) return null;
  if (!canFold)
    return (
      <div class="w-head">
        <Status status={status} />
      </div>
    );
  return (
    <button type="button" class="w-head" aria-expanded={isOpen} onClick={() => onFold(!isOpen)}>
      <Status status={status} />
      <Icon name={isOpen ? "chevron-down" : "chevron-right"} size={16} />
    </button>
  );
}

function Foot({ node, onConfirmed }: { node: WidgetNode; onConfirmed: () => void }) {
  const confirm = record(node["confirm"]);
  const cancel = record(node["cancel"]);
  const confirming = useAction(confirm?.["action"], "container");
  const cancelling = useAction(cancel?.["action"], "container");
  if (!confirm && !cancel) return null;
  const confirmNow = async () => {
    if (await confirming?.run()) onConfirmed();
  };
  return (
    <div class="w-foot">
      {cancel && (
        <Control
          class="w-tone-secondary w-outline w-button-lg w-pill"
          label={text(cancel["label"])}
          action={cancelling}
        />
      )}
      {confirm && (
        <Control
          class="w-tone-primary w-solid w-button-lg w-pill"
          label={text(confirm["label"])}
          action={confirming}
          disabled={node["asForm"] === true && hasInput(node)}
          onClick={() => void confirmNow()}
        />
      )}
    </div>
  );
}

const INPUTS = ["Checkbox", "DatePicker", "Input", "RadioGroup", "Select", "Textarea"];

/** Is there something to fill in? It can't be yet, and must not be confirmed without. */
function hasInput(node: WidgetNode): boolean {
  if (INPUTS.includes(node.type) || record(node["editable"])) return true;
  const { children } = node;
  return (Array.isArray(children) ? children : [children]).some(
    (child) => record(child) && hasInput(child as WidgetNode),
  );
}
