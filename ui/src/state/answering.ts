import { computed, signal } from "@preact/signals-core";
import { unlessAborted } from "../wire/abort";
import { begun, ended, withToolOutput } from "./edits";
import { asError } from "./failure";
import type { Opener, StreamEnd } from "./follow";
import { follow } from "./follow";
import type { Host } from "./host";
import type { Item, Phase, ToolCallItem } from "./model";
import type { Effect } from "./reduce";
import type { ThreadStore } from "./store";

/** How an answer ended: as its last stream did, or in the page's client tool. */
export type AnswerEnd =
  | StreamEnd
  | {
      readonly how: "tool";
      readonly code: "tool.failed" | "tool.missing";
      readonly call: ToolCallItem;
      readonly error: Error;
    };

/** Where an answer begins: with a request, or with a tool call whose tool failed before. */
export type Beginning = Opener | ToolCallItem;

/** What else is to be done about an answer. */
export interface Course {
  /** An event is in the state. */
  readonly onEvent?: () => void;
  /**
   * The streams have ended; the answer has once this is done. Must not reject. Its signal is
   * aborted when no one waits for it any more.
   */
  readonly settle?: (end: AnswerEnd, signal: AbortSignal) => Promise<void>;
}

interface Run {
  readonly abort: AbortController;
  /** Aborted when what is still to be settled has had its time. */
  readonly late: AbortController;
  /** Tool calls that were there before: only those of this answer are run. */
  readonly before: ReadonlySet<string>;
  readonly over: Promise<void>;
  stopped: boolean;
  isStarted: boolean;
  /** The last request, to be made again if it was refused. */
  last: Beginning;
}

/**
 * Milliseconds that a server gets to end the stream that it was asked to stop, and to say what
 * became of a message whose answer was stopped.
 */
const STOP_GRACE = 3000;

/** The answer under way in a conversation: its streams, and the client tools between them. */
export class Answering {
  readonly #phase = signal<Phase>("idle");
  readonly phase = computed(() => this.#phase.value);
  readonly responding = computed(() => this.#phase.value !== "idle");

  readonly #store: ThreadStore;
  readonly #host: Host;
  #run: Run | null = null;

  constructor(store: ThreadStore, host: Host) {
    this.#store = store;
    this.#host = host;
  }

  /** Run one answer to its end. Never rejects. There may be one at a time. */
  async run(
    first: Beginning,
    { onEvent = () => {}, settle = async () => {} }: Course = {},
  ): Promise<{ end: AnswerEnd; last: Beginning }> {
    const [over, resolve] = deferred();
    const run: Run = {
      abort: new AbortController(),
      late: new AbortController(),
      before: new Set(this.#store.state.items.filter(isCall).map((item) => item.id)),
      over,
      stopped: false,
      isStarted: false,
      last: first,
    };
    this.#run = run;
    this.#phase.value = "sending";
    this.#store.change(begun);
    const streamed = await this.#chain(first, run, onEvent);
    const end: AnswerEnd = run.stopped ? { how: "stopped" } : streamed;
    await settle(end, run.late.signal);
    this.#run = null;
    this.#phase.value = "idle";
    resolve();
    if (run.isStarted) this.#host.events.emit("response.end", undefined);
    return { end, last: run.last };
  }

  /** End the answer. A server that can is asked to, so that the end is told as it is kept. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (!run || run.stopped) return;
    run.stopped = true;
    const isStreaming = this.#phase.peek() === "streaming";
    this.#phase.value = "stopping";
    const threadId = this.#store.state.thread?.id;
    const { isLive, client } = this.#host;
    if (threadId !== undefined && isLive !== false) {
      const asked = client.stop(threadId, { signal: AbortSignal.timeout(STOP_GRACE) });
      // Before the first event no one knows if the server can be asked: then it gets both.
      if (isLive && isStreaming) await asked.then(() => settled(run.over), ignore);
      else asked.catch(ignore);
    }
    run.abort.abort();
    await settled(run.over);
    run.late.abort();
    await run.over;
  }

  /** Read no further. The server may go on. */
  leave(): void {
    if (!this.#run) return;
    this.#run.stopped = true;
    this.#run.abort.abort();
    this.#run.late.abort();
  }

  async #chain(first: Beginning, run: Run, onEvent: () => void): Promise<AnswerEnd> {
    let end = await this.#step(first, run, onEvent);
    while (end.how === "finished" && !run.stopped) {
      const call = this.#pendingCall(run);
      if (!call) break;
      end = await this.#step(call, run, onEvent);
    }
    return end;
  }

  #step(beginning: Beginning, run: Run, onEvent: () => void): Promise<AnswerEnd> {
    if (typeof beginning !== "function") return this.#runTool(beginning, run, onEvent);
    run.last = beginning;
    return this.#follow(beginning, run, onEvent);
  }

  async #follow(open: Opener, run: Run, onEvent: () => void): Promise<StreamEnd> {
    const end = await follow(open, this.#store, {
      signal: run.abort.signal,
      onOpen: () => this.#opened(run),
      onEffect: (effect) => this.#effect(effect),
      onEvent: (id) => {
        this.#host.isLive = id !== null;
        onEvent();
      },
    });
    this.#store.change(ended);
    return end;
  }

  #opened(run: Run): void {
    if (!run.stopped) this.#phase.value = "streaming";
    if (run.isStarted) return;
    run.isStarted = true;
    this.#host.events.emit("response.start", undefined);
  }

  #effect({ kind, name, data }: Effect): void {
    this.#host.events.emit(kind, { name, data });
  }

  // Client tools

  #pendingCall(run: Run): ToolCallItem | undefined {
    const calls = this.#store.state.items.filter(isCall);
    return calls.findLast((call) => call.status === "pending" && !run.before.has(call.id));
  }

  async #runTool(call: ToolCallItem, run: Run, onEvent: () => void): Promise<AnswerEnd> {
    this.#phase.value = "tool";
    const handler = this.#host.options.onClientTool;
    if (!handler) {
      const error = new Error(`There is no onClientTool to run "${call.name}".`);
      return { how: "tool", code: "tool.missing", call, error };
    }
    let output: unknown;
    try {
      const work = Promise.resolve(handler({ name: call.name, params: { ...call.arguments } }));
      output = await unlessAborted(work, run.abort.signal);
      JSON.stringify(output); // throws here, where the tool is to blame
    } catch (thrown) {
      if (run.abort.signal.aborted) return { how: "stopped" };
      return { how: "tool", code: "tool.failed", call, error: asError(thrown) };
    }
    return this.#step(this.#toolOutput(call, output ?? {}), run, onEvent);
  }

  #toolOutput(call: ToolCallItem, output: unknown): Opener {
    return (options) =>
      this.#host.client.addToolOutput(call.thread_id, output, {
        ...options,
        onOpen: () => {
          this.#store.change((state) => withToolOutput(state, call.id, output));
          options.onOpen?.();
        },
      });
  }
}

/** Wait for something, but not forever. */
async function settled(work: Promise<void>): Promise<void> {
  const [late, resolve] = deferred();
  const timer = setTimeout(resolve, STOP_GRACE);
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** A promise, and what fulfils it. */
function deferred(): [promise: Promise<void>, resolve: () => void] {
  let resolve = () => {};
  const promise = new Promise<void>((fulfil) => (resolve = fulfil));
  return [promise, resolve];
}

function isCall(item: Item): item is ToolCallItem {
  return item.type === "client_tool_call";
}

function ignore(): void {}
