import type { AnyObject } from "../../../kube/object.ts";

/** One write to a collection. `object` of a DELETED change is the last state under the revision of the deletion. */
export interface Change {
  readonly revision: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: AnyObject;
  readonly previous: AnyObject | undefined;
}

export type ChangeListener = (change: Change) => void;

/** Objects of one namespace ("" holds cluster-scoped ones) by name; `names` is their sorted cache. */
interface Bucket {
  readonly objects: Map<string, AnyObject>;
  /** Sorted by name; undefined: something has changed. */
  sorted: readonly AnyObject[] | undefined;
}

/**
 * The objects of one resource with the history of their changes. Stored objects are never mutated, so that lists,
 * history and watchers share them. The history is bounded: a revision before `oldestRevision` is gone.
 */
export class Collection {
  readonly #buckets = new Map<string, Bucket>();
  readonly #listeners = new Map<string, Set<ChangeListener>>();
  /** Of all namespaces, while nothing changes: a long list is read page by page. */
  #everything: readonly AnyObject[] | undefined;
  readonly #historyLimit: number;
  readonly #history: Change[] = [];
  #oldest: number;
  #last: number;

  constructor(revision: number, historyLimit: number) {
    this.#oldest = revision;
    this.#last = revision;
    this.#historyLimit = historyLimit;
  }

  /** The state as of this revision and of every later one is known. */
  get oldestRevision(): number {
    return this.#oldest;
  }

  /** Of the last change. */
  get lastRevision(): number {
    return this.#last;
  }

  get(namespace: string, name: string): AnyObject | undefined {
    return this.#buckets.get(namespace)?.objects.get(name);
  }

  /** Objects by namespace and name; `namespace` undefined: of all namespaces. */
  list(namespace: string | undefined): readonly AnyObject[] {
    if (namespace !== undefined) return listOf(this.#buckets.get(namespace));
    this.#everything ??= sortedNamespaces(this.#buckets.keys()).flatMap((key) =>
      listOf(this.#buckets.get(key)),
    );
    return this.#everything;
  }

  /** The list as it was at a revision that is still known (see oldestRevision). */
  listAt(namespace: string | undefined, revision: number): readonly AnyObject[] {
    if (revision >= this.#last) return this.list(namespace);
    const past = [...this.list(namespace)];
    for (const { object, previous } of this.changesSince(revision, namespace).reverse()) {
      const key = sortKeyOf(object);
      const at = firstFrom(past, key);
      const found = past[at];
      const isThere = found !== undefined && sortKeyOf(found) === key;
      past.splice(at, isThere ? 1 : 0, ...(previous === undefined ? [] : [previous]));
    }
    return past;
  }

  /** Changes after a revision, oldest first. */
  changesSince(revision: number, namespace: string | undefined): Change[] {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle] as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    const changes = this.#history.slice(low);
    return namespace === undefined
      ? changes
      : changes.filter((change) => namespaceOf(change.object) === namespace);
  }

  /** Records a change that the store has numbered, and tells the watchers. */
  apply(change: Change): void {
    const namespace = namespaceOf(change.object);
    const bucket = this.#bucket(namespace);
    const { name } = change.object.metadata;
    if (change.type === "DELETED") bucket.objects.delete(name);
    else bucket.objects.set(name, change.object);
    bucket.sorted = undefined;
    this.#everything = undefined;
    if (bucket.objects.size === 0) this.#buckets.delete(namespace);
    this.#remember(change);
    for (const key of namespace === ALL ? [ALL] : [namespace, ALL]) {
      for (const listener of this.#listeners.get(key) ?? []) listener(change);
    }
  }

  /** Calls `listener` synchronously after each change; the result ends it. */
  subscribe(namespace: string | undefined, listener: ChangeListener): () => void {
    const key = namespace ?? ALL;
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(key);
    };
  }

  /** Forgets all changes up to a revision, as etcd's compaction does. */
  compact(revision: number): void {
    const kept = this.changesSince(revision, undefined);
    this.#history.splice(0, this.#history.length - kept.length);
    this.#oldest = Math.max(this.#oldest, revision);
  }

  #bucket(namespace: string): Bucket {
    const known = this.#buckets.get(namespace);
    if (known !== undefined) return known;
    const bucket: Bucket = { objects: new Map(), sorted: undefined };
    this.#buckets.set(namespace, bucket);
    return bucket;
  }

  /** Trims in large steps, so that a write costs constant time on average. */
  #remember(change: Change): void {
    this.#last = change.revision;
    this.#history.push(change);
    if (this.#history.length < 2 * this.#historyLimit) return;
    const dropped = this.#history.splice(0, this.#history.length - this.#historyLimit);
    this.#oldest = (dropped.at(-1) as Change).revision;
  }
}

/** Key of listeners to all namespaces; also the namespace of cluster-scoped objects. */
const ALL = "";

export function namespaceOf(object: AnyObject): string {
  return object.metadata.namespace ?? "";
}

/** Orders objects as their keys in etcd do. */
export function sortKeyOf(object: AnyObject): string {
  return object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;
}

function sortedNamespaces(namespaces: Iterable<string>): readonly string[] {
  return [...namespaces].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
}

function listOf(bucket: Bucket | undefined): readonly AnyObject[] {
  if (bucket === undefined) return [];
  bucket.sorted ??= [...bucket.objects.values()].sort(byName);
  return bucket.sorted;
}

function byName(a: AnyObject, b: AnyObject): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** Where the first of sorted objects is whose key is this or comes after it. */
export function firstFrom(objects: readonly AnyObject[], key: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sortKeyOf(objects[middle] as AnyObject) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
