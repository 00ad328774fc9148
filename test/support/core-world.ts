import type { Command, CommandName } from "../../src/api/command.ts";
import type { ArmCounts, EvidenceRow } from "../../src/api/evidence.ts";
import { FINALIZER } from "../../src/api/names.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { rolloutSpecSchema } from "../../src/api/spec.ts";
import type { RolloutStatus } from "../../src/api/status.ts";
import { ask } from "../../src/core/ask.ts";
import { decide } from "../../src/core/decide.ts";
import type { Action, Decision } from "../../src/core/decision.ts";
import { askGates, type GateAsk } from "../../src/core/gates.ts";
import type { JudgeMemory } from "../../src/core/judging.ts";
import type { SeenTraffic } from "../../src/core/seen-traffic.ts";
import type {
  CoreSettings,
  GateAnswer,
  GateAnswers,
  Observation,
  Primary,
  ServiceView,
  Snapshot,
  Target,
  TrafficView,
} from "../../src/core/snapshot.ts";
import { isDeepEqual } from "../../src/lib/json.ts";
import { primaryAt, service, targetAt } from "./core-sides.ts";

/** A legal spec of two quick steps; members given replace its own. */
export function aSpec(overrides: Record<string, unknown> = {}): Rollout["spec"] {
  return rolloutSpecSchema.parse({
    targetRef: { name: "checkout" },
    service: { port: 80 },
    traffic: { istio: {} },
    steps: [
      { weight: 10, hold: "1m" },
      { weight: 50, hold: "1m" },
    ],
    analysis: {
      interval: "15s",
      warmup: "0s",
      minRequests: 50,
      metrics: [{ name: "success-rate", min: 99, baseline: {} }],
    },
    progressDeadline: "10m",
    ...overrides,
  });
}

const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);

/** Requests of one arm in one interval, with so many errors. */
export function served(requests: number, errors = 0): ArmCounts {
  return { requests, errors, latencyMs: { "100": requests, "+Inf": requests } };
}

/**
 * The smallest world that core can run in: no API server and no adapters, actions take effect at once. Pods become
 * ready when the test says so. It keeps every decision, for assertions about order.
 */
export class CoreWorld {
  nowMs = START_MS;
  spec: Rollout["spec"];
  status: RolloutStatus | undefined;
  finalizers: readonly string[] = [];
  deleting = false;
  generation = 1;
  commands: Command[] = [];
  target: Target | null;
  primary: Primary | null = null;
  traffic: TrafficView | null = null;
  /** Who wrote the routes last, where that was not the controller. */
  changedBy: string | undefined;
  /** Why the routes cannot carry a canary. */
  routesProblem: string | undefined;
  apex: ServiceView = service("target", 3);
  primaryService = service("nothing", 0);
  canaryService = service("nothing", 0);
  judge: JudgeMemory | null = null;
  threads: Snapshot["threads"] = {};
  /** What is found around a run that starts. */
  preflight: NonNullable<Snapshot["preflight"]> = { findings: [], unseen: [] };
  seen: SeenTraffic | null = null;
  settings: CoreSettings = {
    drainMs: 20_000,
    drainMaxMs: 180_000,
    settleMs: 0,
    splitWaitMs: 120_000,
    statusRefreshMs: 60_000,
  };
  /** How long proxies take to learn of routes. */
  lagMs = 0;
  /**
   * What the source answers for the interval that ends at a time, in which the target got this percentage of requests;
   * null: it does not answer.
   */
  evidence: (endMs: number, weight: number) => Omit<EvidenceRow, "endMs" | "own"> | null = (_, weight) => ({
    canary: weight > 0 ? served(weight * 10) : null,
    primary: served((100 - weight) * 10),
  });
  /** Percentages of the target, each from when it was written. */
  #shares = [{ fromMs: START_MS, percent: 100 }];
  /** What a webhook answers at once when it is asked; null: nothing, until `answer` is called. */
  webhooks: (name: string, ask: GateAsk) => GateAnswer["result"] | null = () => "yes";
  gates: Record<string, GateAnswers> = {};
  /** False: the controller has begun anew, or could not write what it did last. */
  isDrainKnown = true;
  areWritesKnown = true;
  /** Since when passes fail; null: they do not. */
  trouble: Snapshot["trouble"] = null;
  /** What is wrong with the spec; it is refused then. */
  specProblems: Snapshot["specProblems"] = [];
  /** False: the target is another Rollout's. */
  isObserved = true;
  /** Names of webhooks, as often as they were asked. */
  readonly asked: string[] = [];
  /** Whether pods of a revision become ready at once. */
  starts: (hash: string) => boolean = () => true;
  readonly decisions: Decision[] = [];
  #deletedMs: number | null = null;

  constructor(spec: Rollout["spec"] = aSpec()) {
    this.spec = spec;
    this.target = targetAt("v1", 3, 3);
  }

  /** The user ships another pod template. */
  ship(hash: string): void {
    const replicas = this.target?.desiredReplicas ?? 0;
    const revisions = [...(this.target?.revisions ?? []), hash];
    this.target = { ...targetAt(hash, replicas, this.starts(hash) ? replicas : 0), revisions };
    this.#reach();
  }

  command(name: CommandName, reason = "because"): void {
    this.commands.push({ name, reason, by: "kubectl-annotate" });
  }

  /** The Rollout is made again: its status is gone. */
  forget(): void {
    this.status = undefined;
    this.judge = null;
    this.seen = null;
  }

  snapshot(): Snapshot {
    return {
      nowMs: this.nowMs,
      rollout: this.rollout(),
      specProblems: this.specProblems,
      commands: this.commands,
      isObserved: this.isObserved,
      target: this.target,
      targetProblem: null,
      primary: this.primary,
      routing: this.#routing(),
      services: { apex: this.apex, primary: this.primaryService, canary: this.canaryService },
      threads: this.threads,
      preflight: this.status?.run?.stage === "Starting" ? this.preflight : null,
      judge: this.judge,
      seen: this.seen,
      gates: this.gates,
      isDrainKnown: this.isDrainKnown,
      areWritesKnown: this.areWritesKnown,
      trouble: this.trouble,
    };
  }

  #routing(): Snapshot["routing"] {
    if (this.traffic === null) return { kind: "missing" };
    const changedBy = this.changedBy === undefined ? {} : { changedBy: this.changedBy };
    const problem = this.routesProblem === undefined ? {} : { problem: this.routesProblem };
    return { kind: "present", traffic: this.traffic, inSync: true, ...changedBy, ...problem };
  }

  #deletedAt(): string {
    this.#deletedMs ??= this.nowMs;
    return new Date(this.#deletedMs).toISOString();
  }

  /** The controller begins anew, with nothing but the status. */
  restart(): void {
    this.judge = null;
    this.gates = {};
    this.isDrainKnown = false;
  }

  /** A webhook that was asked answers now. */
  answer(name: string, result: GateAnswer["result"]): void {
    for (const id of Object.keys(this.gates).filter((it) => it.endsWith(`/${name}`)))
      this.#answered(id, result);
  }

  rollout(): Rollout {
    return {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "Rollout",
      metadata: {
        name: "checkout",
        namespace: "shop",
        uid: "u1",
        generation: this.generation,
        creationTimestamp: new Date(START_MS).toISOString(),
        finalizers: this.finalizers,
        ...(this.deleting ? { deletionTimestamp: this.#deletedAt() } : {}),
      },
      spec: this.spec,
      ...(this.status === undefined ? {} : { status: this.status }),
    };
  }

  /** One pass: ask, answer, decide, perform. */
  pass(): Decision {
    this.#askGates();
    const snapshot = this.snapshot();
    const observations: Observation[] = ask(snapshot).map(({ fromMs, toMs, intervalMs }) => ({
      kind: "evidence",
      intervalMs,
      rows: this.#rows(fromMs, toMs, intervalMs),
    }));
    const decision = decide(snapshot, observations, this.settings);
    for (const action of decision.actions) this.#perform(action);
    this.status = decision.status;
    for (const action of decision.finally) this.#perform(action);
    this.judge = decision.judge;
    this.seen = decision.seen;
    this.isDrainKnown = true;
    this.decisions.push(decision);
    return decision;
  }

  /** A pass whose status is not written. */
  passUntold(): void {
    const { status } = this;
    this.pass();
    this.status = status;
    this.isDrainKnown = false;
  }

  /** Passes until nothing more is done now. */
  settle(): void {
    for (let count = 0; count < 50; count += 1) {
      const before = this.status;
      const decision = this.pass();
      if (decision.actions.length + decision.finally.length === 0 && isDeepEqual(this.status, before)) return;
    }
    throw new Error(`never at rest: ${JSON.stringify(this.decisions.at(-1), null, 1)}`);
  }

  /** Lets time go by, passing whenever a decision asked for it. */
  advance(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    this.settle();
    for (;;) {
      const wish = this.decisions.at(-1)?.requeueAfterMs ?? null;
      if (wish === null || this.nowMs + wish > endMs) break;
      this.nowMs += Math.max(wish, 1);
      this.settle();
    }
    this.nowMs = endMs;
    this.settle();
  }

  advanceUntil(done: () => boolean, limitMs: number): boolean {
    for (let passed = 0; passed < limitMs && !done(); passed += 1_000) this.advance(1_000);
    return done();
  }

  /** Reasons of all events so far, in order. */
  get events(): readonly string[] {
    return this.decisions.flatMap((decision) => decision.events.map((event) => event.reason));
  }

  get notifications(): Decision["notifications"] {
    return this.decisions.flatMap((decision) => decision.notifications);
  }

  /** As controller/gate-desk.ts does. */
  #askGates(): void {
    const asks = askGates(this.snapshot());
    const kept = Object.entries(this.gates).filter(([id]) => asks.some((ask) => ask.id === id));
    this.gates = Object.fromEntries(kept);
    for (const ask of asks) {
      const answers = this.gates[ask.id] ?? { count: 0, refusals: 0, last: null, isAsking: false };
      if (answers.isAsking || ask.dueMs > this.nowMs) continue;
      this.asked.push(ask.hook.name);
      this.gates[ask.id] = { ...answers, isAsking: true };
      const result = this.webhooks(ask.hook.name, ask);
      if (result !== null) this.#answered(ask.id, result);
    }
  }

  #answered(id: string, result: GateAnswer["result"]): void {
    const { count, refusals } = this.gates[id] ?? { count: 0, refusals: 0 };
    const counted = { yes: 0, no: refusals + 1, none: refusals }[result];
    const text = { yes: '200 "ok"', no: '403 "not yet"', none: "no answer within 10s" }[result];
    const last = { result, text, atMs: this.nowMs };
    this.gates[id] = { count: count + 1, refusals: counted, last, isAsking: false };
  }

  #rows(fromMs: number, toMs: number, intervalMs: number): EvidenceRow[] {
    const rows: EvidenceRow[] = [];
    for (let endMs = fromMs; endMs <= toMs; endMs += intervalMs) {
      const row = this.evidence(endMs, this.#shareIn(endMs - intervalMs, endMs));
      rows.push(
        row === null
          ? { endMs, canary: null, primary: null, own: {}, error: "prometheus did not answer within 5s." }
          : { endMs, own: {}, ...row },
      );
    }
    return rows;
  }

  /** Mean percentage of the target as proxies have it. */
  #shareIn(fromMs: number, toMs: number): number {
    let total = 0;
    for (const [index, { fromMs: since, percent }] of this.#shares.entries()) {
      const from = Math.max(fromMs, index === 0 ? 0 : since + this.lagMs);
      const to = Math.min(toMs, (this.#shares[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY) + this.lagMs);
      total += percent * Math.max(0, to - from);
    }
    return total / (toMs - fromMs);
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case "addFinalizer":
        this.finalizers = [...this.finalizers, FINALIZER];
        break;
      case "removeFinalizer":
        this.finalizers = [];
        break;
      case "clearCommand":
        this.commands = this.commands.filter((command) => command.name !== action.command);
        break;
      case "createPrimary":
        this.primary = primaryAt(action.revision, action.replicas, this.starts(action.revision));
        break;
      case "promotePrimary":
      case "revertPrimary": {
        const { desiredReplicas = 0, readyReplicas = 0 } = this.primary ?? {};
        const rolled = primaryAt(action.revision, desiredReplicas, this.starts(action.revision));
        // It surges: pods of the template before serve until their successors do.
        this.primary = rolled.isRolledOut ? rolled : { ...rolled, readyReplicas };
        break;
      }
      case "scaleTarget":
        if (this.target?.current != null) {
          const { revisions, current } = this.target;
          const ready = this.starts(current.hash)
            ? action.replicas
            : Math.min(current.readyReplicas, action.replicas);
          this.target = { ...targetAt(current.hash, action.replicas, ready), revisions };
        }
        break;
      case "scalePrimary":
        if (this.primary !== null)
          this.primary = {
            ...this.primary,
            desiredReplicas: action.replicas,
            readyReplicas: action.replicas,
          };
        break;
      case "deletePrimary":
        this.primary = null;
        break;
      case "ensureServices":
        this.primaryService = { ...service("primary", 0), exists: true };
        this.canaryService = { ...service("target", 0), pinnedHash: this.canaryService.pinnedHash };
        break;
      case "ensureRoutes":
        this.traffic ??= { canaryWeight: 0, shadowPercent: 0, reserved: false };
        break;
      case "pinCanary":
        this.canaryService = { ...this.canaryService, exists: true, pinnedHash: action.revision };
        break;
      case "pointApex":
        this.apex = service(action.side, 3);
        break;
      case "setTraffic":
        this.traffic = action.traffic;
        break;
      case "removeRoutes":
        this.traffic = null;
        break;
      case "removeServices":
        this.primaryService = { ...service("nothing", 0), exists: false };
        break;
    }
    const percent = this.traffic?.canaryWeight ?? (this.apex.selects === "target" ? 100 : 0);
    if (percent !== this.#shares.at(-1)?.percent) this.#shares.push({ fromMs: this.nowMs, percent });
    this.#reach();
  }

  /** The pinned Service reaches the ready pods of the revision that it names. */
  #reach(): void {
    const current = this.target?.current;
    const isPinned = current != null && this.canaryService.pinnedHash === current.hash;
    this.canaryService = { ...this.canaryService, readyEndpoints: isPinned ? current.readyReplicas : 0 };
  }
}
