import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { t } from "../../i18n";
import { isFocusElsewhere } from "../../parts/focus";
import { own } from "../../parts/own";
import type { QuestionsItem } from "../../state";
import type { StructuredInput, StructuredInputAnswerSubmission } from "../../wire/types";
import { useUi } from "../context";

import { isEnter } from "./enter";

type Answers = Readonly<Record<string, readonly string[]>>;

export interface QuestionsProps {
  item: QuestionsItem;
  /** Was the focus in the chat when they came? */
  isInUse: boolean;
}

/** Questions of the assistant, one at a time, in the composer's place. */
export function Questions({ item, isInUse }: QuestionsProps) {
  const { chat, returnToComposer } = useUi();
  const [at, setAt] = useState(0);
  const [answers, setAnswers] = useState<Answers>({});
  const form = useRef<HTMLFormElement>(null);
  const input = item.inputs[at];
  const isSending = chat.conversation.value.responding.value;
  // Those of an answer under way are seen to come.
  const isAwaited = useRef(isInUse || isSending);
  // biome-ignore lint/correctness/useExhaustiveDependencies(at): each question gets the focus
  useEffect(() => {
    if (isSending) return;
    if (isAwaited.current && form.current && !isFocusElsewhere(form.current)) returnToComposer();
    isAwaited.current = true;
  }, [at, isSending, returnToComposer]);
  const isSent = useRef(false);
  // What had the focus goes with the questions.
  useLayoutEffect(() => () => void (isSent.current && returnToComposer()), [returnToComposer]);
  if (!input) return null;
  const values = own(answers, input.id) ?? [];
  const isLast = at === item.inputs.length - 1;
  const proceed = (given: Answers) => {
    isSent.current = isLast;
    if (isLast) void chat.answer(item.id, submission(item, given));
    else setAt(at + 1);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (values.length > 0 && !isSending) proceed(answers);
  };
  const skip = () => {
    const rest = { ...answers, [input.id]: [] };
    setAnswers(rest);
    const isEmpty = Object.values(rest).every(({ length }) => length === 0);
    if (!isLast || !isEmpty) return proceed(rest);
    isSent.current = true;
    void chat.skip(item.id);
  };
  return (
    <form class="questions" ref={form} onSubmit={submit} aria-label={t("question.title")}>
      <fieldset disabled={isSending}>
        <legend>
          {item.inputs.length > 1 && (
            <span class="question-count">
              {t("question.count", { number: at + 1, count: item.inputs.length })}
            </span>
          )}
          <span dir="auto">{input.question}</span>
        </legend>
        <Field
          key={input.id}
          input={input}
          values={values}
          onChange={(given) => setAnswers({ ...answers, [input.id]: given })}
          onEnter={submit}
        />
      </fieldset>
      <div class="question-bar">
        {at > 0 && (
          <button type="button" class="button" disabled={isSending} onClick={() => setAt(at - 1)}>
            {t("question.back")}
          </button>
        )}
        <span class="gap" />
        <button type="button" class="button" disabled={isSending} onClick={skip}>
          {t("question.skip")}
        </button>
        <button type="submit" class="button primary" disabled={values.length === 0 || isSending}>
          {t(isLast ? "question.submit" : "question.next")}
        </button>
      </div>
    </form>
  );
}

function submission(item: QuestionsItem, answers: Answers) {
  const entries = item.inputs.map(({ id }): [string, StructuredInputAnswerSubmission] => {
    const values = own(answers, id) ?? [];
    return [id, { values, skipped: values.length === 0 }];
  });
  return Object.fromEntries(entries);
}

interface FieldProps {
  input: StructuredInput;
  values: readonly string[];
  onChange: (values: readonly string[]) => void;
  onEnter: (event: Event) => void;
}

function Field({ input, values, onChange, onEnter }: FieldProps) {
  if (input.type === "freeform") {
    return (
      <>
        {input.description && (
          <p class="question-description" dir="auto">
            {input.description}
          </p>
        )}
        <div class="grows" data-text={`${values[0] ?? ""}\n`}>
          <textarea
            class="scrolls"
            rows={1}
            dir="auto"
            data-focus-first
            aria-label={t("question.answer")}
            value={values[0] ?? ""}
            onInput={({ currentTarget: { value } }) => onChange(value.trim() ? [value] : [])}
            onKeyDown={(event) => isEnter(event) && onEnter(event)}
          />
        </div>
      </>
    );
  }
  const toggle = (value: string, isOn: boolean) => {
    if (!input.multiple) return onChange([value]);
    const kept = values.filter((other) => other !== value);
    onChange(isOn ? [...kept, value] : kept);
  };
  return (
    <div class="options">
      {input.options.map(({ value }, at) => (
        <label key={value} class="option">
          <input
            type={input.multiple ? "checkbox" : "radio"}
            name={input.id}
            data-focus-first={at === 0 || undefined}
            checked={values.includes(value)}
            onChange={({ currentTarget }) => toggle(value, currentTarget.checked)}
          />
          <span dir="auto">{value}</span>
        </label>
      ))}
    </div>
  );
}
