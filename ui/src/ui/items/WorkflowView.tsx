import { formatDuration, t } from "../../i18n";
import type { IconName } from "../../parts/icons/Icon";
import { Icon } from "../../parts/icons/Icon";
import { own } from "../../parts/own";
import type { TaskEntry, WorkflowEntry } from "../../state";
import type { Task } from "../../wire/types";

import { Disclosure } from "./Disclosure";
import { Prose } from "./Prose";
import { SourceList } from "./Sources";

/** The steps on the way to an answer: folded, with one line that says what is going on. */
export function WorkflowView({ item }: { item: WorkflowEntry }) {
  const { tasks, summary, expanded } = item.workflow;
  const isOpen = item.stage === "open";
  const line = (
    <>
      <Icon name={summaryIcon(item)} size={18} />
      <span class={isOpen && !summary ? "shimmer" : ""} dir="auto">
        {summaryText(item)}
      </span>
    </>
  );
  if (tasks.length === 0) return <p class="work-line">{line}</p>;
  return (
    <Disclosure class="workflow" summary={line} isOpen={expanded}>
      <ol class="steps">
        {tasks.map((task, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: tasks have no other name
          <li key={at}>
            <Step task={task} isOpen={isOpen && at === tasks.length - 1} />
          </li>
        ))}
      </ol>
    </Disclosure>
  );
}

/** A task that is no part of a workflow. */
export function TaskView({ item }: { item: TaskEntry }) {
  return (
    <div class="steps alone">
      <Step task={item.task} isOpen={item.stage === "open"} />
    </div>
  );
}

function summaryText({ workflow, stage }: WorkflowEntry): string {
  const { summary, tasks, type } = workflow;
  if (summary && "title" in summary) return summary.title;
  if (summary) return t("workflow.thought", { duration: formatDuration(summary.duration) });
  const current = tasks.at(-1);
  if (stage === "open") {
    if (current?.title) return current.title;
    return t(type === "reasoning" ? "workflow.thinking" : "workflow.working");
  }
  return type === "reasoning" ? t("task.thought") : t("workflow.steps", { count: tasks.length });
}

function summaryIcon({ workflow, stage }: WorkflowEntry): IconName {
  const { summary, type } = workflow;
  if (summary && "title" in summary && summary.icon) return summary.icon;
  if (stage === "open" && !summary) return "spinner";
  return type === "reasoning" ? "lightbulb" : "check";
}

const ICONS: Readonly<Record<Task["type"], IconName>> = {
  custom: "dot",
  web_search: "globe",
  thought: "lightbulb",
  file: "document",
  image: "square-image",
};

function Step({ task, isOpen }: { task: Task; isOpen: boolean }) {
  const busy =
    task.status_indicator === "loading" || (isOpen && task.status_indicator !== "complete");
  return (
    <div class={`step ${busy ? "busy" : ""}`}>
      <span class="step-icon">
        <Icon name={busy ? "spinner" : stepIcon(task)} size={16} />
      </span>
      <div class="step-body">
        <p class="step-title" dir="auto">
          {stepTitle(task, busy)}
        </p>
        <StepDetails task={task} />
      </div>
    </div>
  );
}

function stepIcon(task: Task): IconName {
  if (task.status_indicator === "complete") return "check";
  return (task.type === "custom" && task.icon) || own(ICONS, task.type) || "dot";
}

function stepTitle(task: Task, busy: boolean): string {
  if (task.title) return task.title;
  switch (task.type) {
    case "web_search":
      if (task.title_query) {
        return t(busy ? "task.searchingFor" : "task.searchFor", { query: task.title_query });
      }
      return t(busy ? "task.search" : "task.searched");
    case "thought":
      return t(busy ? "workflow.thinking" : "task.thought");
    case "file":
      return t(busy ? "task.file" : "task.fileDone");
    case "image":
      return t(busy ? "task.image" : "task.imageDone");
    default:
      return t("task.custom");
  }
}

function StepDetails({ task }: { task: Task }) {
  switch (task.type) {
    case "custom":
      return task.content ? <Prose text={task.content} /> : null;
    case "thought":
      return task.content ? <Prose text={task.content} /> : null;
    case "file":
      return task.sources.length > 0 ? <SourceList sources={task.sources} /> : null;
    case "web_search":
      return (
        <>
          {task.queries.length > 0 && (
            <ul class="queries">
              {task.queries.map((query) => (
                <li key={query} dir="auto">
                  <Icon name="search" size={14} />
                  {query}
                </li>
              ))}
            </ul>
          )}
          {task.sources.length > 0 && <SourceList sources={task.sources} />}
        </>
      );
    default:
      return null;
  }
}
