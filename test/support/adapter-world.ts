import { FIELD_MANAGER } from "../../src/api/kind.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { type Caches, makeCaches } from "../../src/app/caches.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { isNotFound } from "../../src/kube/api-error.ts";
import { CacheSet } from "../../src/kube/cache-set.ts";
import type { Client } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import type { Resource } from "../../src/kube/resource.ts";
import { CUSTOM_RESOURCE_DEFINITION } from "../../src/kube/resources.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../src/kube/transport.ts";
import { istioCrds } from "../../src/sim/crds/istio-crds.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { aRollout } from "./rollout-objects.ts";
import { type Images, VirtualCluster } from "./virtual-cluster.ts";

/** Lets requests through and keeps what changed something: `PATCH virtualservices/checkout`, and what came of it. */
class WriteLog implements Transport {
  readonly #next: Transport;
  readonly #writes: string[] = [];
  readonly #written: Written[] = [];

  constructor(next: Transport) {
    this.#next = next;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    if (request.method === "GET") return this.#next.send(request);
    this.#writes.push(`${request.method} ${request.path.split("/").slice(-2).join("/")}`);
    const response = await this.#next.send(request);
    const { body, warnings, status } = response;
    if (status < 300 && body.kind === "json")
      this.#written.push({ object: body.value as KubeObject, warnings });
    return response;
  }

  /** What was written since the last call. */
  take(): readonly string[] {
    return this.#writes.splice(0);
  }

  takeWritten(): readonly Written[] {
    return this.#written.splice(0);
  }
}

/** An object as it is after a write. */
export interface Written {
  readonly object: KubeObject;
  /** The API server's: of a field, for one, that it does not know and has dropped. */
  readonly warnings: readonly string[];
}

/** The embedded cluster with the caches and the client that adapters get in production, on virtual time. */
export class AdapterWorld {
  readonly cluster: VirtualCluster;
  readonly caches: Caches;
  /** For the member under test. */
  readonly client: Client;
  readonly #log: WriteLog;
  readonly #set: CacheSet;

  constructor(images: Images = {}) {
    this.cluster = new VirtualCluster(images);
    const { clock } = this.cluster;
    this.#log = new WriteLog(this.cluster.cluster.apiServer);
    this.#set = new CacheSet({
      client: new RestClient({ transport: this.#log, clock, fieldManager: FIELD_MANAGER }),
      clock,
      random: () => 0.5,
      logger: silentLogger,
    });
    this.caches = makeCaches(this.#set, [], "istio-system");
    this.client = this.#set.client;
  }

  /** With our and Istio's definitions, in namespace `default`. */
  async start(): Promise<this> {
    for (const crd of [...istioCrds(), await rolloutCrd()]) {
      await this.settled(this.admin.create(CUSTOM_RESOURCE_DEFINITION, crd as never));
    }
    await this.cluster.start();
    this.#set.start();
    await this.settled(this.#set.synced());
    return this;
  }

  async stop(): Promise<void> {
    await this.settled(this.#set.stop());
    await this.cluster.stop();
  }

  /** Somebody else's client: what it writes reaches the caches by their watches. */
  get admin(): Client {
    return this.cluster.client;
  }

  /** What the member has written since the last call. */
  writes(): readonly string[] {
    return this.#log.take();
  }

  /** The same as the API server answered it. */
  written(): readonly Written[] {
    return this.#log.takeWritten();
  }

  /** Waits for work, letting time pass as far as the work needs it. */
  async settled<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const done = work.finally(() => {
      isSettled = true;
    });
    done.catch(() => {});
    await this.cluster.clock.advanceUntil(() => isSettled, 60_000);
    return done;
  }

  /** Lets pods start, watches deliver and controllers act. */
  advance(seconds = 1): Promise<void> {
    return this.cluster.advance(seconds);
  }

  /** A Rollout of the Deployment `checkout`, stored, so that what it owns is not collected. */
  async rollout(spec: Record<string, unknown> = {}): Promise<Rollout> {
    const draft = aRollout(spec, { metadata: { namespace: "default" } });
    const { uid: _uid, generation: _generation, ...metadata } = draft.metadata;
    const stored = await this.settled(this.admin.create(ROLLOUT, { ...draft, metadata }));
    await this.advance(0.1);
    return { ...stored, spec: draft.spec };
  }

  /** What the API server has, past all caches; null when it has not. */
  async find<T extends KubeObject>(resource: Resource<T>, name: string): Promise<T | null> {
    try {
      return await this.settled(this.admin.get(resource, { namespace: "default", name }));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** A change by somebody else. It is in our caches only after `advance`. */
  async change<T extends KubeObject>(resource: Resource<T>, name: string, body: object): Promise<T> {
    return this.settled(this.admin.patch(resource, { namespace: "default", name }, { type: "merge", body }));
  }

  async remove<T extends KubeObject>(resource: Resource<T>, name: string): Promise<void> {
    await this.settled(this.admin.delete(resource, { namespace: "default", name }));
    await this.advance(0.1);
  }
}

/** What a promise rejects with; fails the test when it does not. */
export async function rejectionOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("it was expected to reject, and resolved");
}
