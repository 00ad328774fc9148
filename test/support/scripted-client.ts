import type { Client, ListOptions, ObjectList, WatchEvent, WatchOptions } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/object.ts";

/** One open watch, in the hands of a test. */
export class ScriptedWatch {
  readonly options: WatchOptions;
  readonly #queue: (WatchEvent<KubeObject> | { readonly end: true } | { readonly error: Error })[] = [];
  #wake: () => void = () => {};
  isOpen = true;

  constructor(options: WatchOptions) {
    this.options = options;
    options.signal?.addEventListener("abort", () => this.end(), { once: true });
  }

  push(event: WatchEvent<KubeObject>): void {
    this.#queue.push(event);
    this.#wake();
  }

  end(): void {
    this.#queue.push({ end: true });
    this.#wake();
  }

  fail(error: Error): void {
    this.#queue.push({ error });
    this.#wake();
  }

  async *events(): AsyncGenerator<WatchEvent<KubeObject>> {
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else if ("end" in next) return;
        else if ("error" in next) throw next.error;
        else yield next;
      }
    } finally {
      this.isOpen = false;
    }
  }
}

/**
 * A Client for tests of what lists and watches: answers to lists come from a function, watches are steered by hand. Other
 * methods reject.
 */
export class ScriptedClient implements Client {
  readonly lists: ListOptions[] = [];
  readonly watches: ScriptedWatch[] = [];
  onList: (options: ListOptions) => Promise<ObjectList<KubeObject>>;
  onWatch: (watch: ScriptedWatch) => void = () => {};

  constructor(onList: (options: ListOptions) => Promise<ObjectList<KubeObject>>) {
    this.onList = onList;
  }

  /** The watch that is open; an error when there is not exactly one. */
  get watching(): ScriptedWatch {
    const open = this.watches.filter((watch) => watch.isOpen);
    if (open.length !== 1 || open[0] === undefined) throw new Error(`${open.length} watches are open`);
    return open[0];
  }

  async list<T extends KubeObject>(_resource: unknown, options: ListOptions = {}): Promise<ObjectList<T>> {
    this.lists.push(options);
    return (await this.onList(options)) as ObjectList<T>;
  }

  async *watch<T extends KubeObject>(
    _resource: unknown,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const watch = new ScriptedWatch(options);
    this.watches.push(watch);
    this.onWatch(watch);
    yield* watch.events() as AsyncGenerator<WatchEvent<T>>;
  }

  get = notScripted;
  create = notScripted;
  update = notScripted;
  patch = notScripted;
  apply = notScripted;
  delete = notScripted;
}

async function notScripted(): Promise<never> {
  throw new Error("this test has no answer for that");
}
