import { namesOf } from "../../api/names.ts";
import type { Rollout } from "../../api/rollout.ts";
import type { RolloutStatus } from "../../api/status.ts";
import type { Cache } from "../../kube/cache.ts";
import type { Event } from "../../kube/kind/cluster.ts";
import type { ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../lib/clock.ts";
import { serviceNamed } from "../mesh/hosts.ts";
import type { HttpRoute, VirtualService } from "../mesh/istio.ts";
import type { Spell } from "./requests-met.ts";

/** One step of a Rollout's way, as the output shows it. */
export interface Transition {
  /** RFC 3339. */
  readonly at: string;
  readonly phase: string;
  readonly stage?: string;
  /** "2/4". */
  readonly step?: string;
  /** The canary's weight. */
  readonly weight: number;
  readonly verdict?: string;
  readonly reason?: string;
}

export interface ObserverParts {
  readonly clock: Clock;
  readonly rollouts: Cache<Rollout>;
  readonly events: Cache<Event>;
  readonly virtualServices: Cache<VirtualService>;
  readonly rollout: ObjectKey & { readonly namespace: string };
  readonly onTransition: (transition: Transition) => void;
}

/** Phases in which no run is under way. */
const REST = new Set(["Initialized", "Succeeded", "Failed"]);

/** Stages in which routes name the canary. */
const SERVING: ReadonlySet<string> = new Set(["Shadow", "Step", "Shifting", "Promoting"]);

/** Watches a Rollout from outside: what it says of itself, and what its VirtualServices and events say of it. */
export class RolloutObserver {
  readonly #parts: ObserverParts;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #events = new Set<string>();
  #rollout: Rollout | null = null;
  #lastKey = "";
  #maxCanaryWeight = 0;
  #firstRunAt: number | null = null;
  #lastRunEndedAt: number | null = null;
  readonly #spells: Spell[] = [];

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    for (const event of parts.events.list()) this.#heard(event);
    this.#unsubscribe = [
      parts.rollouts.subscribe(({ key, new: current }) => {
        const { name, namespace } = parts.rollout;
        if (key.name === name && key.namespace === namespace) this.#changed(current ?? null);
      }),
      parts.events.subscribe(({ new: event }) => {
        if (event !== undefined) this.#heard(event);
      }),
      parts.virtualServices.subscribe(({ new: object }) => {
        if (object !== undefined) this.#routed(object);
      }),
    ];
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** null: there is no such Rollout (any more). */
  get rollout(): Rollout | null {
    return this.#rollout;
  }

  get phase(): string | null {
    return this.#rollout?.status?.phase ?? null;
  }

  /** Why the last run ended, or why the one under way is paused. */
  get reason(): string | null {
    return reasonOf(this.#rollout?.status);
  }

  get isMoving(): boolean {
    const { phase } = this;
    return phase !== null && !REST.has(phase) && this.#rollout?.status?.run?.pause === undefined;
  }

  get events(): ReadonlySet<string> {
    return this.#events;
  }

  /** In percent; 0 before the first run. */
  get maxCanaryWeight(): number {
    return this.#maxCanaryWeight;
  }

  /** When the first run began; null: none has. */
  get firstRunAt(): number | null {
    return this.#firstRunAt;
  }

  /**
   * When the last run was over as far as traffic is concerned (it is being rolled back, or has succeeded); null while
   * none is over. By then the routing objects have been written.
   */
  get lastRunEndedAt(): number | null {
    return this.#lastRunEndedAt;
  }

  /** When a canary had its place in the routes, by stage and weight. The last one may go on. */
  get spells(): readonly Spell[] {
    return this.#spells;
  }

  #changed(rollout: Rollout | null): void {
    const before = this.#rollout?.status;
    this.#rollout = rollout;
    const status = rollout?.status;
    if (status === undefined) return;
    const now = this.#parts.clock.now();
    if (status.run !== undefined) this.#firstRunAt ??= now;
    if (!isOver(status)) this.#lastRunEndedAt = null;
    else if (before !== undefined && !isOver(before)) this.#lastRunEndedAt = now;
    this.#note(status, now);
    this.#tell(status, now);
  }

  #note(status: RolloutStatus, now: number): void {
    const stage = status.run?.stage ?? "";
    const weight = status.canaryWeight;
    const last = this.#spells.at(-1);
    const isOpen = last?.toMs === Number.POSITIVE_INFINITY;
    if (isOpen && last.stage === stage && last.weight === weight) return;
    if (isOpen) this.#spells.splice(-1, 1, { ...last, toMs: now });
    if (SERVING.has(stage)) {
      this.#spells.push({ stage, weight, fromMs: now, toMs: Number.POSITIVE_INFINITY });
    }
  }

  #tell(status: RolloutStatus, now: number): void {
    const { run, phase, canaryWeight } = status;
    const { stage, stepIndex, id, pause, outcome } = run ?? {};
    const key = JSON.stringify([phase, canaryWeight, id, stage, stepIndex, pause?.kind, outcome?.reason]);
    if (key === this.#lastKey) return;
    this.#lastKey = key;
    const reason = (isAdopting(status) ? refusalOf(status) : reasonOf(status)) ?? status.message;
    this.#parts.onTransition({
      at: new Date(now).toISOString(),
      phase,
      ...(stage === undefined ? {} : { stage }),
      ...(status.step === undefined ? {} : { step: status.step }),
      weight: canaryWeight,
      ...(run?.verdict === undefined ? {} : { verdict: run.verdict.result }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #heard({ involvedObject, reason }: Event): void {
    const { name, namespace } = this.#parts.rollout;
    const isOurs =
      involvedObject.kind === "Rollout" &&
      involvedObject.name === name &&
      involvedObject.namespace === namespace;
    if (isOurs) this.#events.add(reason);
  }

  #routed(object: VirtualService): void {
    const { rollout } = this;
    if (rollout === null || this.#firstRunAt === null) return;
    const canary = canaryOf(rollout);
    for (const route of object.spec?.http ?? []) {
      // What goes to the canary by match alone is no weight.
      if ((route.match?.length ?? 0) > 0 && route.route?.length === 1) continue;
      const weight = weightOf(route, canary, object.metadata.namespace ?? "");
      this.#maxCanaryWeight = Math.max(this.#maxCanaryWeight, weight);
    }
  }
}

/** How a run ended is of the past. */
function isAdopting({ phase }: RolloutStatus): boolean {
  return phase === "Initializing" || phase === "Initialized";
}

/** No request is meant to reach the canary any more. */
function isOver({ phase, run }: RolloutStatus): boolean {
  if (run?.outcome?.result === "Superseded") return false;
  return run === undefined ? phase === "Failed" || phase === "Succeeded" : run.stage === "RollingBack";
}

function reasonOf(status: RolloutStatus | undefined): string | null {
  if (status === undefined) return null;
  const { run, history } = status;
  if (run?.outcome !== undefined) return sentence(run.outcome.reason, run.outcome.message);
  if (run?.pause !== undefined) return sentence(run.pause.kind, run.pause.reason);
  if (run !== undefined) return null;
  const [last] = history ?? [];
  return refusalOf(status) ?? (last === undefined ? null : sentence(last.reason, last.message));
}

/** Why the spec is not acted upon. */
function refusalOf({ conditions = [] }: RolloutStatus): string | null {
  const refused = conditions.find(({ type, status }) => type === "Accepted" && status === "False");
  return refused === undefined ? null : sentence(refused.reason, refused.message);
}

/** `MetricFailed: latency ...`; the word alone is not said twice. */
function sentence(reason: string, message: string): string {
  const repeats = message.toLowerCase().startsWith(`${reason.toLowerCase()}:`);
  return repeats ? `${reason}${message.slice(reason.length)}` : `${reason}: ${message}`;
}

/** What routes name where they mean the canary. */
function canaryOf(rollout: Rollout): { readonly service: string; readonly subset?: string } {
  const { apexService, canaryService } = namesOf(rollout);
  const subset = rollout.spec.traffic.istio.destinationRule?.canarySubset;
  return subset === undefined ? { service: canaryService } : { service: apexService, subset };
}

/** Share of the requests of a route that goes to the canary, in percent. */
function weightOf(route: HttpRoute, canary: ReturnType<typeof canaryOf>, namespace: string): number {
  const backends = route.route ?? [];
  if (backends.length === 0) return 0;
  const weights = backends.map(({ weight }) => (backends.length === 1 ? 100 : (weight ?? 0)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const ours = backends.reduce((sum, { destination }, index) => {
    const isOurs =
      serviceNamed(destination.host, namespace)?.name === canary.service &&
      (canary.subset === undefined || destination.subset === canary.subset);
    return sum + (isOurs ? (weights[index] ?? 0) : 0);
  }, 0);
  return total === 0 ? 0 : (100 * ours) / total;
}
