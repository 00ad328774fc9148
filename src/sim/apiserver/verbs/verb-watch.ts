import type { AnyObject } from "../../../kube/object.ts";
import { apiVersionOf } from "../../../kube/resource.ts";
import type { ApiResponse } from "../../../kube/transport.ts";
import type { Timer } from "../../../lib/clock.ts";
import type { Backend } from "../backend.ts";
import { typeOfKind } from "../builtin-types.ts";
import { toServed } from "../conversion.ts";
import { DecodeReport } from "../decode-report.ts";
import { asObject, type Draft } from "../json-object.ts";
import { expired, internalError, type Status } from "../status.ts";
import type { Change, Collection } from "../store/collection.ts";
import { EventQueue } from "../store/event-queue.ts";
import { readStruct } from "../typed.ts";
import { type Call, jsonResponse } from "./call.ts";
import { type ListOptions, listOptionsOf } from "./request-options.ts";
import { type Selection, selectionOf } from "./selection.ts";

/** One line of a watch. The object of an ERROR is a Status. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: AnyObject | Status;
}

/** A watcher that falls further behind is cut off. */
const MAX_BACKLOG = 100_000;
/** Without timeoutSeconds a watch lasts this long, up to twice. */
const MIN_WATCH_SECONDS = 1_800;
const BOOKMARK_EVERY_MS = 60_000;
/** The last bookmark before the end of a watch comes this much earlier. */
const BOOKMARK_BEFORE_END_MS = 2_000;

export function watchObjects(backend: Backend, call: Call): ApiResponse {
  const options = listOptionsOf(call.request.query, true);
  const selection = selectionOf(call, options);
  const watch = new Watch(backend, call, options, selection);
  const response = jsonResponse(call, 200, undefined);
  return { ...response, body: { kind: "stream", events: watch.open() } };
}

class Watch {
  readonly #backend: Backend;
  readonly #call: Call;
  readonly #options: ListOptions;
  readonly #selection: Selection;
  readonly #collection: Collection;
  readonly #queue: EventQueue<WatchEvent>;
  readonly #timers = new Map<"end" | "last bookmark" | "next bookmark", Timer>();
  #unsubscribe: () => void = () => undefined;
  /** Revision up to which the client has been told everything. */
  #told = 0;

  constructor(backend: Backend, call: Call, options: ListOptions, selection: Selection) {
    this.#backend = backend;
    this.#call = call;
    this.#options = options;
    this.#selection = selection;
    this.#collection = backend.store.collection(call.definition.storage);
    this.#queue = new EventQueue(MAX_BACKLOG, () => this.#close());
  }

  open(): AsyncIterable<WatchEvent> {
    const from = parseWatchVersion(this.#options.resourceVersion);
    const startsNow = this.#options.sendInitialEvents ?? from === 0;
    if (!startsNow && from < this.#collection.oldestRevision && from > 0) return this.#tooOld(from);
    this.#follow();
    if (startsNow) this.#sendState();
    else this.#sendHistory(from === 0 ? this.#backend.store.revision : from);
    return this.#queue;
  }

  #follow(): void {
    this.#unsubscribe = this.#collection.subscribe(this.#selection.namespace, (change) => this.#send(change));
    const { timeoutSeconds } = this.#options;
    const seconds = timeoutSeconds || MIN_WATCH_SECONDS * (1 + this.#backend.prng.float());
    this.#setTimer("end", seconds * 1_000, () => this.#queue.end());
    if (this.#options.allowBookmarks) this.#scheduleBookmarks(seconds * 1_000);
    const { signal } = this.#call.request;
    if (signal?.aborted) this.#queue.end();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = () => this.#queue.end();

  #close(): void {
    this.#unsubscribe();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#call.request.signal?.removeEventListener("abort", this.#onAbort);
  }

  #setTimer(name: "end" | "last bookmark" | "next bookmark", delayMs: number, fire: () => void): void {
    this.#timers.set(name, this.#backend.clock.setTimer(delayMs, fire));
  }

  /** The state as ADDED events; a streaming list marks its end with a bookmark. */
  #sendState(): void {
    const { matches, namespace } = this.#selection;
    for (const object of this.#collection.list(namespace)) if (matches(object)) this.#push("ADDED", object);
    this.#told = this.#backend.store.revision;
    if (this.#options.sendInitialEvents === true && this.#options.allowBookmarks) {
      this.#bookmark(this.#told, { "k8s.io/initial-events-end": "true" });
    }
  }

  #sendHistory(from: number): void {
    this.#told = from;
    for (const change of this.#collection.changesSince(from, this.#selection.namespace)) this.#send(change);
  }

  /** An object that leaves the selection is DELETED as it was, under the new revision; one that enters is ADDED. */
  #send(change: Change): void {
    const { matches } = this.#selection;
    const { type, object, previous } = change;
    const isIn = type !== "DELETED" && matches(object);
    const wasIn = previous !== undefined && matches(previous);
    if (isIn) this.#push(wasIn ? "MODIFIED" : "ADDED", object);
    else if (wasIn) {
      const { resourceVersion } = object.metadata;
      this.#push("DELETED", {
        ...previous,
        metadata: { ...previous.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      });
    } else return;
    this.#told = change.revision;
  }

  #push(type: "ADDED" | "MODIFIED" | "DELETED", object: AnyObject): void {
    this.#queue.push({ type, object: toServed(this.#call.definition, object) });
  }

  /** Now and then, and shortly before the end, if the resource has moved past what the client was sent. */
  #scheduleBookmarks(lifetimeMs: number): void {
    if (lifetimeMs > BOOKMARK_BEFORE_END_MS) {
      this.#setTimer("last bookmark", lifetimeMs - BOOKMARK_BEFORE_END_MS, () => this.#bookmarkIfBehind());
    }
    const repeat = () => {
      this.#bookmarkIfBehind();
      this.#setTimer("next bookmark", BOOKMARK_EVERY_MS, repeat);
    };
    if (lifetimeMs > BOOKMARK_EVERY_MS) this.#setTimer("next bookmark", BOOKMARK_EVERY_MS, repeat);
  }

  #bookmarkIfBehind(): void {
    if (this.#collection.lastRevision > this.#told) this.#bookmark(this.#collection.lastRevision);
  }

  #bookmark(revision: number, annotations?: Readonly<Record<string, string>>): void {
    this.#told = revision;
    const { definition } = this.#call;
    const apiVersion = apiVersionOf(definition);
    const metadata = {
      resourceVersion: String(revision),
      ...(annotations === undefined ? {} : { annotations }),
    };
    const type = definition.custom ? undefined : typeOfKind(apiVersion, definition.kind);
    const body: Draft = type === undefined ? {} : readStruct(type, {}, new DecodeReport());
    if (COUNTED.has(definition.storage)) Object.assign(asObject(body["spec"]), { replicas: 0 });
    const object = { ...body, kind: definition.kind, apiVersion, metadata } as unknown as AnyObject;
    this.#queue.push({ type: "BOOKMARK", object });
  }

  /** A version that is no longer known is 200 with one ERROR event. */
  #tooOld(from: number): AsyncIterable<WatchEvent> {
    const { status } = expired(`too old resource version: ${from} (${this.#collection.oldestRevision})`);
    this.#queue.push({ type: "ERROR", object: status });
    this.#queue.end();
    return this.#queue;
  }
}

/** Kinds whose bookmarks say `replicas: 0`, because the server's internal type cannot leave the number out. */
const COUNTED: ReadonlySet<string> = new Set(["deployments.apps", "replicasets.apps", "statefulsets.apps"]);

function parseWatchVersion(text: string): number {
  if (text === "") return 0;
  if (/^\d+$/.test(text)) return Number(text);
  const quoted = JSON.stringify(text);
  throw internalError(
    `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
  );
}
