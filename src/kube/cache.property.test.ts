import fc from "fast-check";
import { describe, it } from "vitest";
import { Cache, type ListStart } from "./cache.ts";
import type { ObjectList, WatchEvent } from "./client.ts";
import type { ConfigMap } from "./kind/cluster.ts";
import { keyText } from "./object.ts";
import { CONFIG_MAP } from "./resources.ts";

/**
 * The bug class of Argo Rollouts' informer write-back (argo-rollouts#726, #2522, #3080, #3316, #4694): own writes that
 * are put into a lagging cache cover fresher objects, bring deleted ones back, or stay for ever. Here a model server
 * keeps its whole history, so that at every moment we can say exactly what a reader must see: the state of each key at
 * the later of two versions, what the watch has delivered and the latest own write whose answer has arrived.
 */
const NAMES = ["a", "b"] as const;
type Name = (typeof NAMES)[number];

const named = (kind: string) => fc.record({ do: fc.constant(kind), name: fc.constantFrom(...NAMES) });
const picked = (kind: string, max: number) => fc.record({ do: fc.constant(kind), pick: fc.nat(max) });
const bare = (kind: string) => fc.record({ do: fc.constant(kind) });

const action = fc.oneof(
  { weight: 3, arbitrary: named("foreignWrite") },
  { weight: 2, arbitrary: named("foreignRelabel") },
  { weight: 2, arbitrary: named("foreignDelete") },
  { weight: 4, arbitrary: named("ownWrite") },
  { weight: 2, arbitrary: named("ownRelabel") },
  { weight: 3, arbitrary: named("ownDelete") },
  { weight: 9, arbitrary: picked("answer", 5) },
  { weight: 6, arbitrary: picked("watch", 2) },
  { weight: 3, arbitrary: picked("repeat", 30) },
  { weight: 1, arbitrary: bare("bookmark") },
  { weight: 2, arbitrary: bare("beginList") },
  { weight: 2, arbitrary: bare("finishList") },
);
type Action = { readonly do: string; readonly name?: Name; readonly pick?: number };

interface Write {
  readonly version: number;
  readonly name: Name;
  /** null: deleted. */
  readonly object: ConfigMap | null;
  readonly previous: ConfigMap | undefined;
}

class ModelServer {
  readonly history: Write[] = [];
  version = 100;

  at(name: Name, version: number): ConfigMap | undefined {
    const last = this.history.findLast((write) => write.name === name && write.version <= version);
    return last?.object ?? undefined;
  }

  write(name: Name, change: "write" | "relabel" | "delete"): Write | null {
    const previous = this.at(name, this.version);
    if (change !== "write" && previous === undefined) return null;
    this.version += 1;
    const labels = previous?.metadata.labels ?? { team: "x" };
    const relabelled = { team: labels["team"] === "x" ? "y" : "x" };
    const object: ConfigMap | null =
      change === "delete"
        ? null
        : {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: {
              namespace: "shop",
              name,
              uid: previous?.metadata.uid ?? `uid-${this.version}`,
              resourceVersion: String(this.version),
              labels: change === "relabel" ? relabelled : labels,
            },
          };
    const entry = { version: this.version, name, object, previous };
    this.history.push(entry);
    return entry;
  }
}

function isSelected(object: ConfigMap | null | undefined): object is ConfigMap {
  return object?.metadata.labels?.["team"] === "x";
}

/** What a watch with the selector team=x tells about a write; null: nothing. */
function eventOf(write: Write): WatchEvent<ConfigMap> | null {
  if (isSelected(write.object)) {
    return { type: isSelected(write.previous) ? "MODIFIED" : "ADDED", object: write.object };
  }
  if (!isSelected(write.previous)) return null;
  const metadata = { ...write.previous.metadata, resourceVersion: String(write.version) };
  return { type: "DELETED", object: { ...write.previous, metadata } };
}

class Run {
  readonly server = new ModelServer();
  readonly cache = new Cache(CONFIG_MAP, {
    labelSelector: "team=x",
    indexes: { uid: (object) => [object.metadata.uid ?? ""] },
  });
  /** What follows from the changes that were told. */
  readonly folded = new Map<string, ConfigMap>();
  readonly answers: { readonly write: Write; readonly deliver: () => void }[] = [];
  readonly known = new Map<Name, number>();
  /** Uids that answers to own deletes have named, with the version of the deletion. */
  readonly deleted = new Map<string, number>();
  readonly shown = new Map<Name, number>();
  progress = 0;
  listing: { readonly start: ListStart; readonly list: ObjectList<ConfigMap> } | null = null;

  constructor() {
    this.cache.subscribe((change) => {
      const key = keyText(change.key);
      same(this.folded.get(key), change.old, "old of a change");
      if (change.new === undefined) this.folded.delete(key);
      else this.folded.set(key, change.new);
    });
    for (const name of NAMES.slice(0, 2)) this.server.write(name, "write");
    this.beginList();
    this.finishList();
  }

  perform(next: Action): void {
    const name = next.name ?? "a";
    const pick = next.pick ?? 0;
    if (next.do === "foreignWrite") this.server.write(name, "write");
    if (next.do === "foreignRelabel") this.server.write(name, "relabel");
    if (next.do === "foreignDelete") this.server.write(name, "delete");
    if (next.do === "ownWrite") this.own(name, "write");
    if (next.do === "ownRelabel") this.own(name, "relabel");
    if (next.do === "ownDelete") this.own(name, "delete");
    if (next.do === "answer") this.answer(pick);
    if (next.do === "watch") this.watch(pick + 1);
    if (next.do === "repeat") this.repeat(pick);
    if (next.do === "bookmark") this.bookmark();
    if (next.do === "beginList" && this.listing === null) this.beginList();
    if (next.do === "finishList") this.finishList();
  }

  /** One worker per key: the answer to a write comes before the next write to that key. */
  own(name: Name, change: "write" | "relabel" | "delete"): void {
    this.answer(this.answers.findIndex((answer) => answer.write.name === name));
    const upTo = this.cache.newest;
    const write = this.server.write(name, change);
    if (write === null) return;
    const key = { namespace: "shop", name };
    this.answers.push({
      write,
      deliver: () => {
        if (write.object !== null) this.cache.record(write.object);
        else this.cache.recordAbsence(key, { uid: write.previous?.metadata.uid, upTo });
      },
    });
  }

  answer(pick: number): void {
    if (pick < 0) return;
    const [answer] = this.answers.splice(pick % Math.max(1, this.answers.length), 1);
    if (answer === undefined) return;
    answer.deliver();
    const { name, version, object, previous } = answer.write;
    if (object === null) this.deleted.set(previous?.metadata.uid ?? "", version);
    else this.known.set(name, Math.max(version, this.known.get(name) ?? 0));
  }

  /** While a list is under way, nobody watches. */
  watch(count: number): void {
    if (this.listing !== null) return;
    const due = this.server.history.filter((write) => write.version > this.progress).slice(0, count);
    for (const write of due) {
      const event = eventOf(write);
      if (event === null) this.cache.observe({ type: "BOOKMARK", resourceVersion: String(write.version) });
      else this.cache.observe(event);
      this.progress = write.version;
    }
  }

  repeat(pick: number): void {
    const old = this.server.history.filter((write) => write.version <= this.progress);
    const write = old[pick % Math.max(1, old.length)];
    const event = write === undefined ? null : eventOf(write);
    if (event !== null && this.listing === null) this.cache.observe(event);
  }

  bookmark(): void {
    this.cache.observe({ type: "BOOKMARK", resourceVersion: String(this.progress) });
  }

  beginList(): void {
    const start = this.cache.beginList();
    const version = this.server.version;
    const items = NAMES.map((name) => this.server.at(name, version)).filter((item) => isSelected(item));
    this.listing = { start, list: { items, resourceVersion: String(version) } };
  }

  finishList(): void {
    if (this.listing === null) return;
    const { list, start } = this.listing;
    same(this.cache.isOlderThan(list, start), false, "a consistent list is older");
    this.cache.replace(list, start);
    this.progress = Math.max(this.progress, Number(list.resourceVersion));
    this.listing = null;
  }

  check(): void {
    for (const name of NAMES) {
      const version = Math.max(this.progress, this.known.get(name) ?? 0);
      const truth = this.server.at(name, version);
      const isGone = this.deleted.has(truth?.metadata.uid ?? "");
      const seen = this.cache.get({ namespace: "shop", name });
      this.checkOrder(name, seen);
      // The answer to a delete carries no version: it may end what an older version of the key shows, or not.
      if (seen !== undefined || !this.endedBy(name, version)) {
        same(seen, isSelected(truth) && !isGone ? truth : undefined, `${name} as of ${version}`);
      }
      same(this.folded.get(`shop/${name}`), seen, `${name} by changes`);
    }
    for (const object of this.cache.list()) {
      same(this.cache.by("uid", object.metadata.uid ?? "")[0], object, "object by index");
    }
    same(this.cache.list("shop").length, this.cache.size, "objects by namespace");
    same(this.cache.list("elsewhere").length, 0, "objects of another namespace");
  }

  /** Nobody sees a key go back in time. */
  checkOrder(name: Name, seen: ConfigMap | undefined): void {
    const version = Number(seen?.metadata.resourceVersion ?? Number.POSITIVE_INFINITY);
    const shown = this.shown.get(name) ?? 0;
    if (version < shown) throw new Error(`${name} went back from ${shown} to ${version}`);
    if (seen !== undefined) this.shown.set(name, version);
  }

  /** An own delete whose answer is here came after this version of the key. */
  endedBy(name: Name, version: number): boolean {
    return this.server.history.some(
      (write) =>
        write.name === name &&
        write.object === null &&
        write.version > version &&
        this.deleted.has(write.previous?.metadata.uid ?? ""),
    );
  }
}

/** As `expect(seen).toBe(wanted)`, which is too slow for a million calls. */
function same(seen: unknown, wanted: unknown, what: string): void {
  if (seen !== wanted) throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

describe("a cache with own writes, foreign writes, a lagging watch and lists", () => {
  it("shows each key as of the later of the watch and the latest own write, at every moment", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100, size: "max" }), (actions) => {
        const run = new Run();
        for (const next of actions) {
          run.perform(next);
          run.check();
        }
        run.finishList();
        while (run.answers.length > 0) run.answer(0);
        run.watch(Number.POSITIVE_INFINITY);
        run.check();
      }),
      { numRuns: 1_000 },
    );
  });
});
