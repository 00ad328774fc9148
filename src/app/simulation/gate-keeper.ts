import type { WebhookTransport } from "../../gate/webhook/transport.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { WebhookBehaviour } from "./plan.ts";

export const GATES_URL = "http://gates.shop";

const SLOW_MS = 8_000;

/** Whoever answers for the gates of all Rollouts: as the plan says until all faults end, then with yes. */
export class GateKeeper implements WebhookTransport {
  readonly #clock: Clock;
  #behaviour: WebhookBehaviour;
  /** "app-0 confirm-rollout", ... */
  readonly #yes = new Set<string>();

  constructor(clock: Clock, behaviour: WebhookBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  /** Whether a gate of this type has ever let this Rollout pass. */
  hasSaidYes(rollout: string, type: string): boolean {
    return this.#yes.has(`${rollout} ${type}`);
  }

  heal(): void {
    this.#behaviour = "answers";
  }

  async post(
    ...[request, signal]: Parameters<WebhookTransport["post"]>
  ): ReturnType<WebhookTransport["post"]> {
    const behaviour = this.#behaviour;
    if (behaviour === "hangs")
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    if (behaviour === "slow") await sleep(this.#clock, SLOW_MS, signal);
    if (behaviour === "fails") return { status: 500, headers: {}, body: "" };
    // One of type rollback says by 200 that it wants one.
    const isYes = behaviour !== "refuses" && !request.url.endsWith("/rollback");
    const { name } = JSON.parse(request.body) as { readonly name: string };
    if (isYes) this.#yes.add(`${name} ${request.url.slice(GATES_URL.length + 1)}`);
    return { status: isYes ? 200 : 403, headers: {}, body: "" };
  }
}
