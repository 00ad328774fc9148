import type { KubeObject } from "../../kube/object.ts";
import type { ApiRequest, ApiResponse } from "../../kube/transport.ts";
import type { Timer } from "../../lib/clock.ts";
import type { ControllerWrite, Invariant, InvariantFactory, Scene } from "./invariant.ts";
import { INVARIANTS } from "./invariants/all.ts";

const MAX_VIOLATIONS = 20;

/** Watches the world and holds every invariant against it. */
export class Referee {
  readonly violations: string[] = [];
  readonly #scene: Scene;
  readonly #invariants: readonly Invariant[];
  readonly #unsubscribe: readonly (() => void)[];
  #timer: Timer | null = null;

  constructor(scene: Scene, factories: readonly InvariantFactory[] = INVARIANTS) {
    this.#scene = scene;
    this.#invariants = factories.map((make) => make(scene));
    const { services, virtualServices, destinationRules, deployments, endpointSlices } = scene.world.caches;
    const changed = () => this.#changed();
    this.#unsubscribe = [
      services.subscribe(changed),
      virtualServices.subscribe(changed),
      destinationRules.subscribe(changed),
      deployments.subscribe(changed),
      endpointSlices.subscribe(changed),
    ];
  }

  close(): void {
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  wrote(instance: string, request: ApiRequest, response: ApiResponse): ControllerWrite | null {
    if (response.body.kind !== "json") return null;
    const object = response.body.value as KubeObject;
    const write: ControllerWrite = {
      atMs: this.#scene.world.clock.now(),
      instance,
      method: request.method,
      path: request.path,
      kind: object.kind,
      isStatus: request.path.endsWith("/status"),
      object,
    };
    for (const invariant of this.#invariants) this.#note(invariant, invariant.onWrite?.(write));
    return write;
  }

  /** Everything has come to rest, or ought to have. */
  end(): void {
    for (const invariant of this.#invariants) this.#note(invariant, invariant.atEnd?.());
  }

  /** Looks at the world although nothing has changed: some promises are about time. */
  look(): void {
    this.#changed();
  }

  #changed(): void {
    // When all that follows from this change at once has happened: what half a change looks like, nobody ever sees.
    this.#timer ??= this.#scene.world.clock.setTimer(0, () => {
      this.#timer = null;
      for (const invariant of this.#invariants) this.#note(invariant, invariant.atInstant?.());
    });
  }

  #note(invariant: Invariant, problems: readonly string[] = []): void {
    for (const problem of problems) {
      if (this.violations.length < MAX_VIOLATIONS) this.violations.push(`${invariant.name}: ${problem}`);
    }
  }
}
