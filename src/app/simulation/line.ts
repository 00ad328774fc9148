import type { ApiRequest } from "../../kube/transport.ts";
import type { Clock } from "../../lib/clock.ts";

export interface Cut {
  readonly atMs: number;
  /** The write that is under way, by the plural of its kind. */
  readonly at: "virtualservices" | "deployments" | "rollouts";
  /** Nothing goes through for so long. */
  readonly forMs: number;
  /** Somebody aborts this Rollout so much later; null: nobody does. */
  readonly abort: { readonly rollout: string; readonly afterMs: number } | null;
}

/**
 * What one controller is connected by. When it is cut, nobody is told: the write that is under way comes to pass without an
 * answer, watches that stand stay silent, and for a while nothing goes through.
 */
export class Line {
  readonly #clock: Clock;
  #awaited: { readonly cut: Cut; readonly onCut: () => void } | null = null;
  #downUntilMs = Number.NEGATIVE_INFINITY;
  #cuts = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often it has been cut. */
  get cuts(): number {
    return this.#cuts;
  }

  get isDown(): boolean {
    return this.#clock.now() < this.#downUntilMs;
  }

  /** The next write of the cut's kind cuts it. */
  await(cut: Cut, onCut: () => void): void {
    this.#awaited = { cut, onCut };
  }

  /** No write cuts it any more. */
  spare(): void {
    this.#awaited = null;
  }

  heal(): void {
    this.spare();
    this.#downUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** To be called before each request is delivered. */
  carries({ method, path }: ApiRequest): void {
    if (this.#awaited === null || method === "GET" || !path.includes(`/${this.#awaited.cut.at}/`)) return;
    const { cut, onCut } = this.#awaited;
    this.spare();
    this.#cuts += 1;
    this.#downUntilMs = this.#clock.now() + cut.forMs;
    onCut();
  }
}
