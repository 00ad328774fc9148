import { CookieJar, type JarRequest } from "./cookie-jar.ts";
import type { Draw } from "./draw.ts";
import type { PodGroup } from "./ground-truth.ts";

/** How many clients share a source's requests, each with a cookie jar of its own. */
export interface ClientsSpec {
  readonly count: number;
  /** Mean time until a client leaves and one without cookies takes its place; null: they stay. */
  readonly stayMs: number | null;
}

/** Answers of one kind to requests of clients that were alike. */
export interface Answers {
  readonly count: number;
  readonly setCookies: readonly string[];
  /** The pods that answered; null: a proxy did by itself. */
  readonly by: PodGroup | null;
}

/** Clients that cannot be told apart: the same cookies, and served by the same workload last. */
export interface ClientGroup {
  readonly jar: CookieJar;
  /** `namespace/workload`; null: no pod has answered yet. */
  readonly servedBy: string | null;
  readonly clients: number;
}

/** Requests of clients that are alike. */
export interface Part {
  readonly group: ClientGroup;
  readonly count: number;
}

/** Hears where clients get to. */
export interface ClientWitness {
  /** Some clients were served: by the first workload of their life, or by another one than before. */
  served(at: number, from: string | null, to: string, clients: number): void;
}

/** The clients of one source, as counts by what they hold: ten thousand cost about what ten do. */
export class Population {
  readonly #draw: Draw;
  readonly #witness: ClientWitness;
  #spec: ClientsSpec;
  #groups = new Map<string, ClientGroup>();

  constructor(spec: ClientsSpec, draw: Draw, witness: ClientWitness) {
    this.#spec = spec;
    this.#draw = draw;
    this.#witness = witness;
    this.#put(CookieJar.EMPTY, null, spec.count);
  }

  /** New clients come without cookies; of too many, any may go. */
  resize(spec: ClientsSpec): void {
    const missing = spec.count - this.#spec.count;
    this.#spec = spec;
    if (missing > 0) this.#put(CookieJar.EMPTY, null, missing);
    else this.#leave(-missing);
  }

  /** Cookies end and clients are replaced. */
  pass(now: number, durationMs: number): void {
    for (const group of [...this.#groups.values()]) {
      if (group.jar.expiresAt <= now) this.#move(group, group.clients, group.jar.at(now), group.servedBy);
    }
    const { stayMs } = this.#spec;
    if (stayMs === null) return;
    const share = 1 - Math.exp(-durationMs / stayMs);
    this.#put(CookieJar.EMPTY, null, this.#leave(this.#draw.binomial(this.#spec.count, share)));
  }

  /** Whose requests `count` requests are, by the Cookie header that these have; null: none. */
  split(count: number, request: JarRequest): ReadonlyMap<string | null, readonly Part[]> {
    const groups = [...this.#groups.values()];
    const dealt = this.#draw.split(
      count,
      groups.map(({ clients }) => clients),
    );
    const parts = new Map<string | null, Part[]>();
    for (const [index, group] of groups.entries()) {
      const mine = dealt[index] ?? 0;
      if (mine === 0) continue;
      const header = group.jar.header(request);
      const known = parts.get(header);
      if (known === undefined) parts.set(header, [{ group, count: mine }]);
      else known.push({ group, count: mine });
    }
    return parts;
  }

  /** The requests of `parts` have got these answers. */
  answered(parts: readonly Part[], answers: readonly Answers[], request: JarRequest, now: number): void {
    const left = answers.map(({ count }) => count);
    for (const { group, count } of parts) {
      const mine = this.#draw.pick(count, left);
      for (const [index, taken] of mine.entries()) left[index] = (left[index] ?? 0) - taken;
      this.#reach(group, answers, mine, request, now);
    }
  }

  /** Of several answers to one client the last one counts. */
  #reach(
    group: ClientGroup,
    answers: readonly Answers[],
    counts: readonly number[],
    request: JarRequest,
    now: number,
  ): void {
    if (answers.every((answer, index) => counts[index] === 0 || isNothingNew(group, answer))) return;
    let requests = 0;
    for (const count of counts) requests += count;
    const { clients } = group;
    const share = clients === 1 ? 1 : 1 - (1 - 1 / clients) ** requests;
    const reached = Math.min(requests, this.#draw.binomial(clients, share));
    for (const [index, moved] of this.#draw.pick(reached, counts).entries()) {
      const answer = answers[index];
      if (moved === 0 || answer === undefined) continue;
      const servedBy = answer.by === null ? group.servedBy : workloadText(answer.by);
      if (servedBy !== null && servedBy !== group.servedBy) {
        this.#witness.served(now, group.servedBy, servedBy, moved);
      }
      this.#move(group, moved, group.jar.after(answer.setCookies, request, now), servedBy);
    }
  }

  /** Any of the clients go; returns how many went. */
  #leave(count: number): number {
    const groups = [...this.#groups.values()];
    const gone = this.#draw.pick(
      count,
      groups.map(({ clients }) => clients),
    );
    for (const [index, { jar, servedBy }] of groups.entries()) this.#put(jar, servedBy, -(gone[index] ?? 0));
    return count;
  }

  #move(group: ClientGroup, clients: number, jar: CookieJar, servedBy: string | null): void {
    if (jar === group.jar && servedBy === group.servedBy) return;
    this.#put(group.jar, group.servedBy, -clients);
    this.#put(jar, servedBy, clients);
  }

  #put(jar: CookieJar, servedBy: string | null, more: number): void {
    if (more === 0) return;
    const key = `${servedBy}\n${jar.key}`;
    const clients = (this.#groups.get(key)?.clients ?? 0) + more;
    if (clients > 0) this.#groups.set(key, { jar, servedBy, clients });
    else this.#groups.delete(key);
  }
}

function isNothingNew({ servedBy }: ClientGroup, { setCookies, by }: Answers): boolean {
  return setCookies.length === 0 && (by === null || workloadText(by) === servedBy);
}

function workloadText({ namespace, workload }: PodGroup): string {
  return `${namespace}/${workload}`;
}
