import { isForbidden, isNotFound } from "./api-error.ts";
import type { ChangeHandler } from "./cache.ts";
import type { WatchedReader } from "./cache-union.ts";
import type { KubeObject, ObjectKey } from "./object.ts";
import type { Reader } from "./reader.ts";
import { type Resource, resourceText } from "./resource.ts";

/** Objects of a resource that a cluster need not have, or that need not be ours to read. */
export interface OptionalReader<T extends KubeObject> extends Pick<Reader<T>, "get" | "list"> {
  /** Why objects may be missing: `peerauthentications.security.istio.io may not be read (RBAC)`; null: none are. */
  readonly absence: string | null;
}

/** Why a resource cannot be listed that need not be there, as `OptionalReader.absence`; null: it failed for another reason. */
export function absenceOf(resource: Resource, error: unknown): string | null {
  if (isForbidden(error)) return `${resourceText(resource)} may not be read (RBAC)`;
  return isNotFound(error) ? `${resourceText(resource)} are not in this cluster` : null;
}

/** A cache that may stay empty. */
export class OptionalCache<T extends KubeObject> implements OptionalReader<T>, WatchedReader<T> {
  readonly #reader: WatchedReader<T>;
  readonly #absence: () => string | null;

  constructor(reader: WatchedReader<T>, absence: () => string | null) {
    this.#reader = reader;
    this.#absence = absence;
  }

  get absence(): string | null {
    return this.#absence();
  }

  get(key: ObjectKey): T | undefined {
    return this.#reader.get(key);
  }

  list(namespace?: string): readonly T[] {
    return this.#reader.list(namespace);
  }

  by(index: string, value: string): readonly T[] {
    return this.#reader.by(index, value);
  }

  subscribe(handler: ChangeHandler<T>): () => void {
    return this.#reader.subscribe(handler);
  }
}
