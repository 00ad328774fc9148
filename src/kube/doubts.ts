import { BoundedMap } from "../lib/bounded-map.ts";
import { keyText, type ObjectKey } from "./object.ts";
import { type Resource, resourceText } from "./resource.ts";

/** One read of the object for the caches; resolves to whether it is known now what there is. Never rejects. */
export type Reread = () => Promise<boolean>;

/** Whether somebody who decides has to know the object. */
export type Concerns = (resource: Resource, key: ObjectKey) => boolean;

interface Doubt {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly read: Reread;
  /** The read that is under way. */
  reading: Promise<void> | null;
}

/** Beyond this the oldest is left to the watch. */
const MOST = 10_000;

/**
 * Objects that a write without an answer may have changed. The watch tells, unless what took the answer has silenced it as
 * well: a connection that is cut takes both. Whoever decides from the caches has these read first.
 */
export class Doubts {
  readonly #doubts = new BoundedMap<string, Doubt>(MOST);

  get size(): number {
    return this.#doubts.size;
  }

  note(resource: Resource, key: ObjectKey, read: Reread): void {
    this.#doubts.set(textOf(resource, key), { resource, key, read, reading: null });
  }

  /** What has become of the object is known. */
  clear(resource: Resource, key: ObjectKey): void {
    this.#doubts.delete(textOf(resource, key));
  }

  has(concerns: Concerns): boolean {
    return this.#of(concerns).length > 0;
  }

  /** Reads all that are of concern once. What cannot be read stays in doubt. */
  async settle(concerns: Concerns): Promise<void> {
    await Promise.all(this.#of(concerns).map(([text, doubt]) => this.#read(text, doubt)));
  }

  #of(concerns: Concerns): readonly (readonly [string, Doubt])[] {
    return this.#doubts.size === 0
      ? []
      : [...this.#doubts].filter(([, { resource, key }]) => concerns(resource, key));
  }

  /** Passes of several Rollouts ask at the same time. */
  #read(text: string, doubt: Doubt): Promise<void> {
    doubt.reading ??= doubt.read().then((isRead) => {
      doubt.reading = null;
      // Another write may have gone without an answer meanwhile.
      if (isRead && this.#doubts.get(text) === doubt) this.#doubts.delete(text);
    });
    return doubt.reading;
  }
}

function textOf(resource: Resource, key: ObjectKey): string {
  return `${resourceText(resource)} ${keyText(key)}`;
}
