import type { Config } from "../../config/config.ts";
import { newLease } from "../../kube/lease-record.ts";
import { LEASE } from "../../kube/resources.ts";
import type { ApiRequest, ApiResponse } from "../../kube/transport.ts";
import { toError } from "../../lib/errors.ts";
import type { Prng } from "../../lib/prng.ts";
import type { World } from "../../sim/world.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { SimulatedController } from "../simulated-controller.ts";
import { ChaosNetwork } from "./chaos-network.ts";
import type { GateKeeper } from "./gate-keeper.ts";
import type { Inbox } from "./inbox.ts";
import { type Cut, Line } from "./line.ts";
import { NO_NETWORK_FAULTS } from "./network-faults.ts";
import type { Faults, Upheaval } from "./plan.ts";
import type { Trace } from "./trace.ts";

const LEASE_KEY = { namespace: "default", name: "sluice" };

export interface ProcessesParts {
  readonly world: World;
  readonly config: Config;
  readonly prng: Prng;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly inbox: Inbox;
  readonly gateKeeper: GateKeeper;
  readonly onWrite: (instance: string, request: ApiRequest, response: ApiResponse) => void;
  /** Decides at each await whether the process dies there; in addition to the plan's own chance. */
  readonly isFatal?: ((request: ApiRequest, when: "before" | "after") => boolean) | undefined;
}

/** The controllers of a run: one or two, which die and come back. */
export class Processes {
  readonly #parts: ProcessesParts;
  readonly #all: readonly SimulatedController[];
  readonly #killPrng: Prng;
  readonly #networkPrng: Prng;
  readonly #lines = new Map<SimulatedController, Line>();
  readonly #dead = new Set<SimulatedController>();
  hasHealed = false;
  #isClosed = false;
  kills = 0;
  /** By how much a controller's clock was ahead, at the most: times in a status may be later than now by as much. */
  mostAheadMs = 0;

  constructor(parts: ProcessesParts) {
    this.#parts = parts;
    const { faults, prng, world, config } = parts;
    this.#killPrng = prng.fork();
    this.#networkPrng = prng.fork();
    const names = faults.twoControllers ? ["a", "b"] : ["a"];
    this.#all = names.map((name) => {
      const controller: SimulatedController = new SimulatedController({
        world,
        config,
        prng: prng.fork(),
        logger: silentLogger,
        name,
        receiverAdapter: parts.inbox.adapter,
        webhookTransport: parts.gateKeeper,
        lease: faults.twoControllers ? LEASE_KEY : undefined,
        network: (instance) => this.#network(instance, controller),
      });
      this.#lines.set(controller, new Line(world.clock));
      return controller;
    });
  }

  /** Sluice has been installed before: a first leader need not wait out that there is no Lease. */
  async prepare(): Promise<void> {
    if (!this.#parts.faults.twoControllers) return;
    const { world } = this.#parts;
    const claim = { identity: "", durationMs: 1_000, nowMs: world.clock.now() };
    await world.client.create(LEASE, newLease(LEASE_KEY, claim));
  }

  start(): void {
    for (const controller of this.#all) this.#start(controller);
  }

  /** All faults end: what is dead or frozen comes back, and stays. */
  heal(): void {
    this.hasHealed = true;
    for (const controller of this.#all) {
      controller.thaw();
      controller.setClock(0);
      this.#lines.get(controller)?.heal();
    }
    for (const controller of this.#dead) this.#start(controller);
    this.#dead.clear();
  }

  close(): void {
    this.#isClosed = true;
    for (const controller of this.#all) controller.kill();
  }

  /** The line of whoever writes that next is cut. */
  cut(cut: Cut, onCut: () => void): void {
    if (this.hasHealed) return;
    for (const line of this.#lines.values()) {
      line.await(cut, () => {
        for (const other of this.#lines.values()) other.spare();
        this.#parts.trace.add("chaos", `cut at a write of ${cut.at}, for ${cut.forMs} ms`);
        onCut();
      });
    }
  }

  /** Something happens to leadership. */
  async upset(upheaval: Upheaval): Promise<void> {
    const { world, trace } = this.#parts;
    trace.add("chaos", `${upheaval.kind} for ${upheaval.forMs} ms`);
    const victim = this.#all[Math.abs(upheaval.forMs) % this.#all.length];
    if (upheaval.kind === "clockJump") {
      if (this.hasHealed) return;
      victim?.setClock(upheaval.forMs);
      this.mostAheadMs = Math.max(this.mostAheadMs, upheaval.forMs);
      return;
    }
    if (upheaval.kind === "freeze") {
      victim?.freeze();
      world.clock.setTimer(upheaval.forMs, () => victim?.thaw());
      return;
    }
    try {
      if (upheaval.kind === "deleteLease") await world.client.delete(LEASE, LEASE_KEY);
      else await this.#steal();
    } catch (thrown) {
      trace.add("chaos", `could not: ${toError(thrown).message}`);
    }
  }

  async #steal(): Promise<void> {
    await this.#parts.world.client.patch(LEASE, LEASE_KEY, {
      type: "merge",
      body: { spec: { holderIdentity: "thief" } },
    });
  }

  #network(instance: string, controller: SimulatedController): ChaosNetwork {
    const { world, faults, onWrite } = this.#parts;
    return new ChaosNetwork({
      inner: world.transport,
      clock: world.clock,
      prng: this.#networkPrng.fork(),
      line: this.#lines.get(controller),
      faults: () => (this.hasHealed ? NO_NETWORK_FAULTS : faults.network),
      onAwait: (request, when) => this.#mayDie(controller, instance, request, when),
      onWrite: (request, response) => onWrite(instance, request, response),
    });
  }

  #mayDie(
    controller: SimulatedController,
    instance: string,
    request: ApiRequest,
    when: "before" | "after",
  ): void {
    const { faults, isFatal } = this.#parts;
    if (this.#isClosed || this.#dead.has(controller)) return;
    const isChosen = isFatal?.(request, when) ?? false;
    const isUnlucky = !this.hasHealed && faults.killRate > 0 && this.#killPrng.chance(faults.killRate);
    if (isChosen || isUnlucky)
      this.#kill(controller, `${instance} ${when} ${request.method} ${request.path}`);
  }

  #kill(controller: SimulatedController, where: string): void {
    const { world, trace, faults } = this.#parts;
    trace.add("chaos", `kill ${where}`);
    this.kills += 1;
    controller.kill();
    this.#dead.add(controller);
    const awayMs = this.#killPrng.integer(Math.min(100, faults.awayMs), faults.awayMs);
    world.clock.setTimer(awayMs, () => {
      if (this.#dead.delete(controller)) this.#start(controller);
    });
  }

  #start(controller: SimulatedController): void {
    if (this.#isClosed) return;
    controller.start().catch((thrown: unknown) => {
      this.#parts.trace.add("chaos", `a controller did not start: ${toError(thrown).message}`);
    });
  }
}
