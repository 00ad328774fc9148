/**
 * A bounded queue between one who pushes and one who iterates. It delivers by promises alone. Values that were pushed
 * before `end` are still delivered; `return` drops them and tells `onClose`.
 */
export class EventQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #limit: number;
  readonly #onClose: () => void;
  #values: T[] = [];
  #first = 0;
  #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #ended = false;

  /** A consumer that is more than `limit` values behind is cut off, as the API server does with slow watchers. */
  constructor(limit: number, onClose: () => void) {
    this.#limit = limit;
    this.#onClose = onClose;
  }

  push(value: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ done: false, value });
    else if (this.#values.length - this.#first < this.#limit) this.#values.push(value);
    else this.end();
  }

  /** No further values; idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting) waiting(DONE);
    this.#waiting = [];
    this.#onClose();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#first < this.#values.length) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#values = [];
    this.#first = 0;
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this;
  }

  #take(): T {
    const value = this.#values[this.#first] as T;
    this.#first += 1;
    if (this.#first === this.#values.length) {
      this.#values = [];
      this.#first = 0;
    }
    return value;
  }
}

const DONE: { readonly done: true; readonly value: undefined } = { done: true, value: undefined };
