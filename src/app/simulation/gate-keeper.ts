import type { WebhookTransport } from "../../gate/webhook/transport.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { WebhookBehaviour } from "./plan.ts";

export const GATES_URL = "http://gates.shop";

const SLOW_MS = 8_000;

/** Whoever answers for the gates of all Rollouts: as the plan says until all faults end, then with yes. */
export class GateKeeper implements WebhookTransport {
  readonly #clock: Clock;
  #behaviour: WebhookBehaviour;

  constructor(clock: Clock, behaviour: WebhookBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
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
    return { status: isYes ? 200 : 403, headers: {}, body: "" };
  }
}
