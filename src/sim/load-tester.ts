import { type Clock, sleep } from "../lib/clock.ts";

/** What a command that the load tester is given comes to. */
export interface CommandOutcome {
  /** Its exit code. */
  readonly exit: number;
  readonly output: string;
  readonly takesMs: number;
}

export interface CommandRun {
  readonly atMs: number;
  /** `checkout.shop`. */
  readonly canary: string;
  readonly command: string;
}

export interface LoadTesterAnswer {
  readonly status: number;
  readonly body: string;
}

interface Payload {
  readonly name: string;
  readonly namespace: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const SUCCESS: CommandOutcome = { exit: 0, output: "", takesMs: 1_000 };

/** Types of tasks whose end is waited for, and the one that is only taken on. */
const WAITED_FOR: ReadonlySet<string> = new Set(["bash", "helm", "helmv3", "kubectl"]);
const TAKEN_ON = "cmd";

/** Runs that are remembered; the oldest go first. */
const MAX_RUNS = 10_000;

const GATES: Readonly<Record<string, (canary: string) => string>> = {
  gate: (canary) => canary,
  rollback: (canary) => `rollback.${canary}`,
};

/**
 * Flagger's load tester (fluxcd/flagger, pkg/loadtester): the same paths, status codes, bodies and gates, closed until
 * somebody opens them. Only that no command is run: each comes to what a scenario says. Types concord and ngrinder, which
 * want servers of their own, are not known here.
 */
export class LoadTester {
  readonly runs: CommandRun[] = [];
  readonly #clock: Clock;
  readonly #outcomes = new Map<string, CommandOutcome>();
  readonly #open = new Set<string>();
  readonly #running = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Commands that have this part in them come to this, from now on. */
  setOutcome(part: string, outcome: CommandOutcome): void {
    this.#outcomes.set(part, outcome);
  }

  /** Any method will do, as with Flagger's. Rejects with the signal's reason when that aborts while a command runs. */
  async answer(path: string, body: string, signal: AbortSignal): Promise<LoadTesterAnswer> {
    switch (path) {
      case "/healthz":
      case "/gate/approve":
        return { status: 200, body: "OK" };
      case "/gate/halt":
        return { status: 403, body: "Forbidden" };
    }
    const payload = payloadOf(body);
    if (payload === null) return { status: 400, body: "" };
    const [, kind = "", verb = ""] = /^\/(gate|rollback)\/(check|open|close)$/.exec(path) ?? [];
    const canary = `${payload.name}.${payload.namespace}`;
    const gate = GATES[kind]?.(canary);
    // Whatever is no path of a gate is a task, as in Go's ServeMux.
    return gate === undefined ? this.#task(payload, canary, signal) : this.#gate(gate, verb);
  }

  #gate(gate: string, verb: string): LoadTesterAnswer {
    if (verb === "check") {
      return this.#open.has(gate) ? { status: 200, body: "Approved" } : { status: 403, body: "Forbidden" };
    }
    if (verb === "open") this.#open.add(gate);
    else this.#open.delete(gate);
    return { status: 202, body: "" };
  }

  async #task({ metadata }: Payload, canary: string, signal: AbortSignal): Promise<LoadTesterAnswer> {
    if (Object.keys(metadata).length === 0) return { status: 400, body: "metadata not found in payload" };
    const { type = TAKEN_ON, cmd, returnCmdOutput } = metadata;
    if (WAITED_FOR.has(type)) {
      const { exit, output } = await this.#run(canary, cmd ?? "", signal);
      if (exit !== 0) return { status: 500, body: ` exit status ${exit} ${output}` };
      return { status: 200, body: isTrue(returnCmdOutput) ? output : "" };
    }
    if (type !== TAKEN_ON) return { status: 400, body: `unknown task type ${type}` };
    if (cmd === undefined) return { status: 400, body: "cmd not found in metadata" };
    this.#takeOn(canary, cmd);
    return { status: 202, body: "" };
  }

  /** One that runs already for this canary is not begun again. */
  #takeOn(canary: string, command: string): void {
    const id = `${canary} ${command}`;
    if (this.#running.has(id)) return;
    this.#running.add(id);
    const forgotten = new AbortController().signal;
    void this.#run(canary, command, forgotten).finally(() => this.#running.delete(id));
  }

  async #run(canary: string, command: string, signal: AbortSignal): Promise<CommandOutcome> {
    this.runs.push({ atMs: this.#clock.now(), canary, command });
    if (this.runs.length > MAX_RUNS) this.runs.shift();
    const [, outcome = SUCCESS] = [...this.#outcomes].find(([part]) => command.includes(part)) ?? [];
    await sleep(this.#clock, outcome.takesMs, signal);
    return outcome;
  }
}

/** Go's strconv.ParseBool. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "t", "T", "TRUE", "true", "True"].includes(text);
}

/** Null where Go's decoder would fail. */
function payloadOf(body: string): Payload | null {
  try {
    const { name = "", namespace = "", metadata } = JSON.parse(body) as Record<string, unknown>;
    const members = Object.entries((metadata ?? {}) as object);
    const texts = [name, namespace, ...members.map(([, value]) => value)];
    if (!texts.every((text) => typeof text === "string")) return null;
    return { name, namespace, metadata: Object.fromEntries(members) } as Payload;
  } catch {
    return null;
  }
}
