import type { KubeObject, ObjectKey } from "./object.ts";
import type { Resource } from "./resource.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Who writes, in metadata.managedFields. The client has a default. */
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last one. */
  readonly continue?: string | undefined;
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Events after this version. */
  readonly resourceVersion?: string | undefined;
  readonly allowBookmarks?: boolean | undefined;
  /** After so many seconds the server ends the watch. */
  readonly timeoutSeconds?: number | undefined;
}

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  /** Nothing happened up to this version. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

/** Body of a patch by its media type. */
export type Patch =
  | { readonly type: "json"; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: "merge"; readonly body: unknown }
  | { readonly type: "strategic"; readonly body: unknown };

export interface JsonPatchOperation {
  readonly op: "add" | "remove" | "replace" | "test" | "move" | "copy";
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers instead of failing with a conflict. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  readonly propagation?: "Background" | "Foreground" | "Orphan" | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

/**
 * What we ask of an API server. Every method rejects with ApiError (kube/api-error.ts) when the server answers with
 * a failure, and with UnreachableError when it does not answer within the client's timeout. Answers are frozen by
 * convention: they may be shared with caches and other readers.
 *
 * `subresource` of update, patch and apply is a Subresource. `watch` yields until the server ends the watch
 * (the iterator is then done), the signal aborts it (done as well), or it fails: an ApiError with code 410 asks for a new list.
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT: with metadata.resourceVersion in the object it fails with a conflict when the object has moved on. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: SubresourceOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options?: SubresourceOptions,
  ): Promise<T>;
  /** Server-side apply; `object` holds only the fields that the manager wants to own. */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: KubeObject,
    options?: ApplyOptions & SubresourceOptions,
  ): Promise<T>;
  delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<Deletion<T>>;
}

/** What has become of an object that was asked to go. */
export type Deletion<T> =
  /** It is no more. The server may tell the uid of what it removed. */
  | { readonly kind: "gone"; readonly uid?: string | undefined }
  /** Finalizers or a grace period keep it: it has a deletionTimestamp. */
  | { readonly kind: "terminating"; readonly object: T };

/** `finalize` is that of namespaces. */
export type Subresource = "status" | "scale" | "finalize";

export interface SubresourceOptions extends WriteOptions {
  readonly subresource?: Subresource | undefined;
}
