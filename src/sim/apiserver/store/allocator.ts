import type { AnyObject } from "../../../kube/object.ts";
import type { Prng } from "../../../lib/prng.ts";
import { asList, asObject } from "../json-object.ts";
import { internalError } from "../status.ts";
import type { Allocator } from "../strategy.ts";
import type { Change, Collection } from "./collection.ts";

/** The service network is 10.96.0.0/16. */
const NETWORK = "10.96";
const NODE_PORTS = { first: 30_000, last: 32_767 };

/** Hands out the addresses and node ports of Services; knows from the collection what is taken. */
export class ServiceAllocator implements Allocator {
  readonly #prng: Prng;
  readonly #addresses = new Set<string>();
  readonly #ports = new Set<number>();

  constructor(services: Collection, prng: Prng) {
    this.#prng = prng;
    services.subscribe(undefined, (change) => this.#observe(change));
  }

  clusterIp(): string {
    const draw = () => `${NETWORK}.${this.#prng.integer(0, 255)}.${this.#prng.integer(1, 254)}`;
    return drawFree(draw, this.#addresses, "service addresses");
  }

  nodePort(): number {
    return drawFree(() => this.#prng.integer(NODE_PORTS.first, NODE_PORTS.last), this.#ports, "node ports");
  }

  isClusterIpTaken(address: string): boolean {
    return this.#addresses.has(address);
  }

  isNodePortTaken(port: number): boolean {
    return this.#ports.has(port);
  }

  isInRange(address: string): boolean {
    return address.startsWith(`${NETWORK}.`);
  }

  #observe({ type, object, previous }: Change): void {
    if (previous !== undefined) this.#release(previous);
    if (type !== "DELETED") this.#hold(object);
  }

  #hold(service: AnyObject): void {
    for (const address of addressesOf(service)) this.#addresses.add(address);
    for (const port of portsOf(service)) this.#ports.add(port);
  }

  #release(service: AnyObject): void {
    for (const address of addressesOf(service)) this.#addresses.delete(address);
    for (const port of portsOf(service)) this.#ports.delete(port);
  }
}

/** A range of which so many draws in a row hit what is taken is as good as full. */
const MAX_DRAWS = 10_000;

function drawFree<T>(draw: () => T, taken: ReadonlySet<T>, what: string): T {
  for (let count = 0; count < MAX_DRAWS; count++) {
    const drawn = draw();
    if (!taken.has(drawn)) return drawn;
  }
  throw internalError(`failed to allocate: no ${what} are left`);
}

function addressesOf(service: AnyObject): readonly string[] {
  return asList(asObject(service["spec"])["clusterIPs"])
    .map(String)
    .filter((address) => address !== "None");
}

function portsOf(service: AnyObject): readonly number[] {
  return asList(asObject(service["spec"])["ports"])
    .map((port) => asObject(port)["nodePort"])
    .filter((port) => typeof port === "number");
}
