import type { Cluster } from "./clusters.ts";
import type { PodGroup, RequestOrigin, RequestUse, Unserved } from "./ground-truth.ts";
import { bucketOf, type Took } from "./latency.ts";
import type { Outliers } from "./outliers.ts";
import type { MeshPod } from "./pods.ts";
import type { AttemptEnd } from "./policy.ts";
import { type Directory, deal, type Reached, reach, serviceOf } from "./reach.ts";
import type { ForwardPlan, HttpPlan, RouteTarget, WeightedCluster } from "./route.ts";
import { type Patience, type Reply, replies, type Serving } from "./serve.ts";
import {
  type ProxyStats,
  type ServiceIdentity,
  UNKNOWN_WORKLOAD,
  type WorkloadIdentity,
} from "./telemetry.ts";

/** What every batch needs. */
export interface Carrier extends Serving, Directory {}

/** The proxy that sends. */
export interface Sender {
  readonly identity: WorkloadIdentity;
  /** null: a client without a sidecar. What it sends is plain text, and whose it is nobody knows. */
  readonly stats: ProxyStats | null;
  readonly origin: RequestOrigin;
  /** Which pods of a cluster it does not send to for a while. */
  readonly outliers: Outliers;
  /** Hears of each answer: the Set-Cookie headers in it, and the pods that gave it; null for a proxy's own. */
  readonly onAnswers?: (count: number, setCookies: readonly string[], by: PodGroup | null) => void;
}

/** Requests that have gone the same way so far. */
interface Group {
  readonly count: number;
  /** Injected before the router saw them: users wait for it, timeouts do not run meanwhile. */
  readonly delayMs: number;
  /** Time spent before this try: failed tries and backoff. */
  readonly elapsedMs: number;
  /** Tries already made. */
  readonly tries: number;
  /** `DI` when the fault filter delayed them. */
  readonly flags: readonly string[];
  /** The pod of the last try. */
  readonly pod: string | null;
}

/** Whom requests were for; no cluster where none was asked. */
interface Addressee {
  readonly cluster: Cluster | null;
  readonly cookies: readonly string[];
}

const NEW_GROUP: Group = { count: 0, delayMs: 0, elapsedMs: 0, tries: 0, flags: [], pod: null };

/** Envoy's base interval; its jitter averages out over a group. */
const RETRY_BACKOFF_MS = 25;

/** What it takes to find that nobody listens, or that a route leads nowhere. */
const REFUSED_MS = 0.4;

/** How Envoy answers when an upstream does not. */
const LOCAL_REPLIES = {
  "connect-failure": { status: 503, flag: "UF" },
  reset: { status: 503, flag: "UC" },
  timeout: { status: 504, flag: "UT" },
} as const;

/** Envoy's flags of answers that mean that no pod could be asked. */
const UNSERVED: Readonly<Record<string, Unserved>> = { NR: "noRoute", NC: "noCluster" };

const UNKNOWN_SERVICE: ServiceIdentity = { name: "unknown", namespace: "unknown", host: "unknown" };

/**
 * Carries batches of equal requests at one instant, as counts: each fork of their way (fault, destination, pod, error,
 * latency) is one multinomial draw, so that ten thousand requests cost about what ten do.
 */
export class Batch {
  readonly #carrier: Carrier;
  readonly #sender: Sender;
  readonly #now: number;

  constructor(carrier: Carrier, sender: Sender, now: number) {
    this.#carrier = carrier;
    this.#sender = sender;
    this.#now = now;
  }

  carry(plan: HttpPlan, count: number): void {
    if (plan.kind === "answer") {
      const unserved = UNSERVED[plan.flags];
      if (unserved !== undefined) this.#carrier.truth.unserved(this.#now, unserved, "live", count);
      this.#finish({ ...NEW_GROUP, count }, plan.status, plan.flags, { ...plan, cluster: null });
      return;
    }
    const { draw } = this.#carrier;
    const shares = plan.destinations.map(({ share }) => share);
    const counts = draw.split(count, shares);
    let forwarded = 0;
    for (const [index, target] of plan.destinations.entries()) {
      forwarded += this.#forward(plan, target, counts[index] ?? 0);
    }
    for (const mirror of plan.mirrors) this.#mirror(plan, mirror, draw.binomial(forwarded, mirror.share));
  }

  /** Past the fault filter; returns how many got through it. */
  #forward(plan: ForwardPlan, target: RouteTarget, count: number): number {
    if (count === 0) return 0;
    const { draw } = this.#carrier;
    const { abort, delay } = plan.fault;
    const delayed = draw.binomial(count, delay?.share ?? 0);
    let forwarded = 0;
    for (const group of [
      { ...NEW_GROUP, count: count - delayed },
      { ...NEW_GROUP, count: delayed, delayMs: delay?.delayMs ?? 0, flags: ["DI"] },
    ]) {
      const aborted = draw.binomial(group.count, abort?.share ?? 0);
      this.#finish({ ...group, count: aborted }, abort?.status ?? 0, "FI", { ...target, cluster: null });
      this.#try(plan, target, { ...group, count: group.count - aborted });
      forwarded += group.count - aborted;
    }
    return forwarded;
  }

  /** One try of each request. */
  #try(plan: ForwardPlan, target: RouteTarget, group: Group): void {
    if (group.count === 0) return;
    const { cluster } = target;
    const pods = this.#sender.outliers.usable(cluster, this.#now);
    if (pods.length === 0) {
      const flag = this.#unserved(cluster, "live", group.count);
      this.#finish(group, 503, flag, target);
      return;
    }
    const patience = patienceOf(plan, group.elapsedMs);
    for (const { key, count } of deal(this.#carrier.draw, pods, group.count, group.pod)) {
      const sent = { ...group, count, pod: key };
      const reached = this.#reach(key, target, "live", count);
      if (reached.pod === null) {
        this.#failed(plan, target, sent, { end: reached.end, tookMs: REFUSED_MS });
      } else {
        this.#receive(plan, target, sent, this.#serve(reached, target, count, patience));
      }
    }
  }

  /** Fire and forget: nobody waits for it, nothing is retried, and only the receiving side counts it. */
  #mirror(plan: ForwardPlan, mirror: WeightedCluster, count: number): void {
    if (count === 0) return;
    const pods = this.#sender.outliers.usable(mirror.cluster, this.#now);
    if (pods.length === 0) this.#unserved(mirror.cluster, "mirror", count);
    for (const { key, count: dealt } of deal(this.#carrier.draw, pods, count, null)) {
      const reached = this.#reach(key, mirror, "mirror", dealt);
      if (reached.pod !== null) this.#serve(reached, mirror, dealt, patienceOf(plan, 0));
    }
  }

  /** Nobody there to send to; returns Envoy's flag for it. */
  #unserved(cluster: Cluster, use: RequestUse, count: number): string {
    const flag = cluster.service === null ? "NC" : "UH";
    this.#carrier.truth.unserved(
      this.#now,
      cluster.service === null ? "noCluster" : "noEndpoints",
      use,
      count,
    );
    return flag;
  }

  #reach(key: string, { cluster, seen }: WeightedCluster, use: RequestUse, count: number): Reached {
    const { origin, outliers } = this.#sender;
    const requests = { ...origin, ...seen, use };
    const approach = { at: this.#now, key, cluster, requests };
    const reached = reach(this.#carrier, approach, count);
    if (reached.pod === null) outliers.failed(cluster, key, count, this.#carrier.draw, this.#now);
    return reached;
  }

  /** The pod's application, its sidecar's count, and what the sender makes of it. */
  #serve(
    { pod, security }: Extract<Reached, { readonly pod: MeshPod }>,
    { cluster }: WeightedCluster,
    count: number,
    patience: Patience,
  ): readonly Reply[] {
    const found = replies(this.#carrier, pod, this.#now, count, patience);
    this.#sender.outliers.answered(cluster, pod, found, this.#carrier.draw, this.#now);
    if (!pod.hasSidecar) return found;
    const source = security === "mutual_tls" ? this.#sender.identity : UNKNOWN_WORKLOAD;
    for (const { end, took } of found) {
      const isLate = end === "timeout";
      const kind = {
        reporter: "destination",
        source,
        security,
        destination: pod.identity,
        service: serviceOf(cluster),
        responseCode: isLate ? 0 : end,
        responseFlags: isLate ? "DC" : "-",
      } as const;
      pod.stats.record(kind, took);
    }
    return found;
  }

  /** What is not tried again goes to the user; the rest is tried again together, after the mean of its times. */
  #receive(plan: ForwardPlan, target: RouteTarget, group: Group, answers: readonly Reply[]): void {
    for (const { end, took } of answers) {
      const count = sum(took.map((part) => part.count));
      const answered = { ...group, count };
      if (typeof end === "number" && !plan.retry.retries(end)) {
        this.#finish(answered, end, "-", target, took);
        continue;
      }
      const tookMs = sum(took.map((part) => part.count * part.durationMs)) / count;
      this.#failed(plan, target, answered, { end, tookMs });
    }
  }

  /** A failed try: another one if the route allows it and time is left, else the user sees the failure. */
  #failed(
    plan: ForwardPlan,
    target: RouteTarget,
    group: Group,
    failure: { readonly end: AttemptEnd; readonly tookMs: number },
  ): void {
    const { retry, timeoutMs } = plan;
    const { end, tookMs } = failure;
    const elapsedMs = group.elapsedMs + tookMs + RETRY_BACKOFF_MS;
    const inTime = timeoutMs === null || elapsedMs < timeoutMs;
    const isRetried = retry.retries(end) && inTime;
    if (isRetried && group.tries < retry.attempts) {
      this.#try(plan, target, { ...group, elapsedMs, tries: group.tries + 1 });
      return;
    }
    const reply = typeof end === "number" ? { status: end, flag: "" } : LOCAL_REPLIES[end];
    const flag = isRetried ? joinFlags([reply.flag, "URX"]) : reply.flag;
    const took = { count: group.count, durationMs: tookMs, bucket: bucketOf(tookMs) };
    this.#finish(group, reply.status, flag, target, [took]);
  }

  /** What the user gets, and the sending proxy's count of it. Without `took`, the proxy answered by itself. */
  #finish(
    group: Group,
    status: number,
    flag: string,
    { cluster, cookies }: Addressee,
    took: readonly Took[] = [{ count: group.count, ...REFUSED }],
  ): void {
    if (group.count === 0) return;
    const kind = {
      reporter: "source",
      security: "unknown",
      source: this.#sender.identity,
      destination: group.pod === null ? UNKNOWN_WORKLOAD : this.#carrier.pods.identity(group.pod),
      service: cluster === null ? UNKNOWN_SERVICE : serviceOf(cluster),
      responseCode: status,
      responseFlags: joinFlags([...group.flags, flag]) || "-",
    } as const;
    const beforeMs = group.delayMs + group.elapsedMs;
    this.#sender.stats?.record(kind, beforeMs === 0 ? took : took.map((part) => later(part, beforeMs)));
    this.#carrier.truth.answered(this.#now, status, group.count);
    const by = group.pod === null ? null : this.#carrier.pods.group(group.pod);
    this.#sender.onAnswers?.(group.count, cookies, by);
  }
}

const REFUSED = { durationMs: REFUSED_MS, bucket: bucketOf(REFUSED_MS) };

function later(took: Took, beforeMs: number): Took {
  const durationMs = beforeMs + took.durationMs;
  return { count: took.count, durationMs, bucket: bucketOf(durationMs) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function joinFlags(flags: readonly string[]): string {
  return flags.filter((flag) => flag !== "" && flag !== "-").join(",");
}

/** The shorter of the try's own timeout and what is left of the request's. */
function patienceOf(plan: ForwardPlan, elapsedMs: number): Patience {
  const wholeMs = plan.timeoutMs ?? Number.POSITIVE_INFINITY;
  const tryMs = plan.retry.perTryTimeoutMs ?? Number.POSITIVE_INFINITY;
  const firstMs = Math.min(tryMs, wholeMs);
  return { limitMs: Math.min(tryMs, wholeMs - elapsedMs), cutMs: Number.isFinite(firstMs) ? firstMs : null };
}
