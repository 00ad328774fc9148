import { toError } from "../lib/errors.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { Index, type IndexFunction } from "./cache-index.ts";
import type { ObjectList, WatchEvent } from "./client.ts";
import { matchesLabels, parseSelector, type Requirement } from "./label-selector.ts";
import { type KubeObject, keyOf, keyText, type ObjectKey } from "./object.ts";
import type { Reader } from "./reader.ts";
import { type Resource, resourceText } from "./resource.ts";
import { isGoneForGood } from "./rest-response.ts";
import { Tombstones } from "./tombstones.ts";
import { versionOf, versionOfText } from "./version.ts";

/** What has become of one object. `old` and `new` have the same uid; a recreated object makes two changes. */
export interface Change<T extends KubeObject> {
  readonly key: ObjectKey;
  /** Absent: it was not there. */
  readonly old?: T | undefined;
  /** Absent: it is no longer there. */
  readonly new?: T | undefined;
  /** "own": the answer to a write of this process (its echo in the watch makes no second change). */
  readonly origin: "watch" | "own";
}

export type ChangeHandler<T extends KubeObject> = (change: Change<T>) => void;

/** Which objects of a resource, as in a list or a watch. */
export interface Scope {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

export interface CacheOptions<T extends KubeObject> extends Scope {
  /** By name; ask them with `by(name, value)`. */
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** What is kept of each object; by default all but managedFields. Must keep the metadata that we use. */
  readonly transform?: (object: T) => T;
  readonly logger?: Logger;
}

/** What was known when a list began; tells how to take it in. */
export interface ListStart {
  readonly newest: number;
  readonly tombstones: number;
}

interface Entry<T> {
  readonly object: T;
  readonly version: number;
}

/**
 * The newest known version of each object of a resource, from two sources: a watch (through a Reflector), which lags,
 * and the answers to our own writes, which do not. A reader sees its own writes at once.
 *
 * One rule merges them: the greater resourceVersion wins, whichever source it comes from. So a lagging event never
 * covers a fresher own write, a recorded write never hides a newer change by somebody else, and nothing that the watch
 * or our own delete has removed comes back. This needs what Kubernetes promises since 1.35 (KEP-5504) and has always
 * done: resourceVersions of one resource are integers in the order of changes.
 */
export class Cache<T extends KubeObject> implements Reader<T> {
  readonly resource: Resource<T>;
  readonly scope: Scope;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #namespaces = new Index<T>((object) => [object.metadata.namespace ?? ""]);
  readonly #indexes: ReadonlyMap<string, Index<T>>;
  readonly #requirements: readonly Requirement[];
  readonly #transform: (object: T) => T;
  readonly #logger: Logger;
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #tombstones = new Tombstones();
  /** The watch has delivered everything up to this version; 0 before the first list. */
  #progress = 0;
  #newest = 0;
  /** The greatest version that an answer to us has shown, and the watch has to tell as well. */
  #owed = 0;
  #hasSynced = false;

  constructor(resource: Resource<T>, options: CacheOptions<T> = {}) {
    this.resource = resource;
    this.scope = { namespace: options.namespace, labelSelector: options.labelSelector };
    const requirements = parseSelector(options.labelSelector ?? "");
    if (requirements === null) throw new TypeError(`not a label selector: ${options.labelSelector}`);
    this.#requirements = requirements;
    const indexes = Object.entries(options.indexes ?? {});
    this.#indexes = new Map(indexes.map(([name, valuesOf]) => [name, new Index(valuesOf)]));
    this.#transform = options.transform ?? withoutManagedFields;
    this.#logger = options.logger ?? silentLogger;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The first list has been taken in: absence now means something. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** The version up to which the watch has delivered everything: where a new watch begins. */
  get progress(): number {
    return this.#progress;
  }

  /** The greatest version seen from either source. */
  get newest(): number {
    return this.#newest;
  }

  /** An answer to us has shown what the watch has still to tell. */
  get isAheadOfWatch(): boolean {
    return this.#owed > this.#progress;
  }

  get(key: ObjectKey): T | undefined {
    return this.#entries.get(keyText(key))?.object;
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return this.#objects(this.#namespaces.keys(namespace));
    return Array.from(this.#entries.values(), (entry) => entry.object);
  }

  by(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new TypeError(`no index ${index} on ${resourceText(this.resource)}`);
    return this.#objects(found.keys(value));
  }

  /**
   * Calls `handler` synchronously after each change, in order. It must be quick; what it throws is logged. Returns the
   * function that ends the subscription.
   */
  subscribe(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** The server's answer to a create, update, patch or apply of ours. Answers to dry runs (no version) are ignored. */
  record(object: T): void {
    this.#learn(object, "own");
  }

  /** What a read has shown, ahead of the watch. */
  refresh(object: T): void {
    this.#learn(object, "watch");
  }

  #learn(object: T, source: "own" | "watch"): void {
    if (object.metadata.resourceVersion === undefined || !this.#isInNamespace(object)) return;
    if (isGoneForGood(object)) {
      this.recordAbsence(keyOf(object), { uid: object.metadata.uid, upTo: versionOf(object) });
      return;
    }
    const version = versionOf(object);
    this.#newest = Math.max(this.#newest, version);
    if (!this.#isSelected(object)) {
      this.#leave(object, version, source);
      return;
    }
    this.#owed = Math.max(this.#owed, version);
    this.#accept(object, version, source);
  }

  /**
   * The server has told that there is nothing under this key: it has just removed the object with this `uid`, and
   * whatever was under the key up to version `upTo` (what `newest` was before the request) went earlier.
   */
  recordAbsence(key: ObjectKey, gone: { readonly uid?: string | undefined; readonly upTo: number }): void {
    const text = keyText(key);
    if (gone.uid !== undefined) this.#tombstones.add(gone.uid, Number.POSITIVE_INFINITY);
    if (gone.upTo > this.#progress) this.#tombstones.add(text, gone.upTo);
    const entry = this.#entries.get(text);
    if (entry === undefined) return;
    if (entry.object.metadata.uid === gone.uid || entry.version <= gone.upTo)
      this.#store(text, undefined, "own");
  }

  /** Takes in one event of a watch that began at `progress`. Repeated and outdated events change nothing. */
  observe(event: WatchEvent<T>): void {
    if (event.type === "BOOKMARK") {
      this.#advance(versionOfText(event.resourceVersion));
      return;
    }
    const version = versionOf(event.object);
    if (event.type === "DELETED") this.#remove(event.object, version);
    else this.#accept(event.object, version, "watch");
    this.#advance(version);
  }

  /** To be called before a list is asked for; its result goes into `replace`. */
  beginList(): ListStart {
    return { newest: this.#newest, tombstones: this.#tombstones.sequence };
  }

  /** A consistent list cannot be older than what was known when it began, unless the server has a new history. */
  isOlderThan(list: ObjectList<T>, start: ListStart): boolean {
    return versionOfText(list.resourceVersion) < start.newest;
  }

  /**
   * Takes in a consistent list: what it does not hold is gone, except own writes that are newer than it. `isReset`: the
   * server has a new history (restored from a backup, replaced), and all that was known before is void.
   */
  replace(
    list: ObjectList<T>,
    start: ListStart = this.beginList(),
    options: { readonly isReset?: boolean } = {},
  ): void {
    const listed = versionOfText(list.resourceVersion);
    if (options.isReset === true) this.#forgetHistory();
    const present = new Set(list.items.map((object) => keyText(keyOf(object))));
    for (const [key, entry] of this.#entries) {
      if (!present.has(key) && entry.version <= listed) this.#store(key, undefined, "watch");
    }
    for (const object of list.items) this.#accept(object, versionOf(object), "list");
    this.#tombstones.deleteThrough(start.tombstones);
    this.#advance(listed);
    this.#hasSynced = true;
  }

  /** The copy that is here of this very version, or the object as it would be kept: lets a list be collected in little memory. */
  intern(object: T): T {
    const entry = this.#entries.get(keyText(keyOf(object)));
    const isSame = entry !== undefined && entry.object.metadata.uid === object.metadata.uid;
    return isSame && entry.version === versionOf(object) ? entry.object : this.#transform(object);
  }

  /** Old versions compare with nothing: whatever the new history has to say is newer. */
  #forgetHistory(): void {
    this.#tombstones.clear();
    this.#progress = 0;
    this.#newest = 0;
    this.#owed = 0;
    for (const [key, entry] of this.#entries) this.#entries.set(key, { ...entry, version: 0 });
  }

  /** Stores a version of an object unless we know a newer one, or know that this one is gone. */
  #accept(object: T, version: number, source: "watch" | "own" | "list"): void {
    const key = keyText(keyOf(object));
    const entry = this.#entries.get(key);
    const { uid } = object.metadata;
    if (this.#tombstones.covers(uid, version) || this.#tombstones.covers(key, version)) return;
    if (entry !== undefined && version <= entry.version) return;
    // What is not there although the watch has passed its version was deleted since.
    if (entry === undefined && version <= this.#progress && source !== "list") return;
    const kept = this.#transform(object);
    const origin = source === "own" ? "own" : "watch";
    if (entry !== undefined && entry.object.metadata.uid !== uid) {
      this.#store(key, undefined, origin);
    }
    this.#store(key, { object: kept, version }, origin);
  }

  #remove(object: T, version: number): void {
    const key = keyText(keyOf(object));
    const entry = this.#entries.get(key);
    // With a selector, DELETED may only mean "no longer selected", and come before the deletion that we know of.
    if (this.#requirements.length === 0) this.#tombstones.delete(object.metadata.uid);
    if (entry !== undefined && version >= entry.version) this.#store(key, undefined, "watch");
  }

  /** The object is no longer selected: hide it until the watch says the same. */
  #leave(object: T, version: number, origin: Change<T>["origin"]): void {
    const key = keyText(keyOf(object));
    const entry = this.#entries.get(key);
    if (version > this.#progress) this.#tombstones.add(key, version);
    if (entry !== undefined && version > entry.version) this.#store(key, undefined, origin);
  }

  #store(key: string, entry: Entry<T> | undefined, origin: Change<T>["origin"]): void {
    const old = this.#entries.get(key)?.object;
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    this.#namespaces.move(key, old, entry?.object);
    for (const index of this.#indexes.values()) index.move(key, old, entry?.object);
    const present = entry?.object ?? old;
    if (present !== undefined) this.#tell({ key: keyOf(present), old, new: entry?.object, origin });
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (thrown) {
        // A broken handler must not stop the watch that feeds all others.
        const error = toError(thrown);
        this.#logger.error("cache handler failed", {
          resource: resourceText(this.resource),
          key: keyText(change.key),
          error,
        });
      }
    }
  }

  #advance(version: number): void {
    this.#progress = Math.max(this.#progress, version);
    this.#newest = Math.max(this.#newest, version);
  }

  #isInNamespace(object: T): boolean {
    return this.scope.namespace === undefined || this.scope.namespace === object.metadata.namespace;
  }

  #isSelected(object: T): boolean {
    return matchesLabels(this.#requirements, object.metadata.labels);
  }

  #objects(keys: Iterable<string>): T[] {
    const objects: T[] = [];
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) objects.push(entry.object);
    }
    return objects;
  }
}

/** managedFields are often half of an object and nothing here reads them. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
