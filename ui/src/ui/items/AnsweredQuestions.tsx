import { t } from "../../i18n";
import type { QuestionsItem } from "../../state";
import type { StructuredInput } from "../../wire/types";

/** Questions and their answers. While they wait for answers, they stand where the composer is. */
export function AnsweredQuestions({ item }: { item: QuestionsItem }) {
  if (item.status === "pending") return null;
  return (
    <dl class="answers">
      {item.inputs.map((input) => (
        <div key={input.id}>
          <dt dir="auto">{input.question}</dt>
          <dd dir="auto">{answerText(input, item.status === "skipped")}</dd>
        </div>
      ))}
    </dl>
  );
}

function answerText({ answer }: StructuredInput, allSkipped: boolean): string {
  if (allSkipped || !answer || answer.skipped) return t("question.skipped");
  return answer.values.join(", ");
}
