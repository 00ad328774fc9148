import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "../../../src/kube/client.ts";
import type { ApiRequest, Transport } from "../../../src/kube/transport.ts";
import { SystemClock } from "../../../src/lib/clock.ts";
import { Prng } from "../../../src/lib/prng.ts";
import { ApiServer } from "../../../src/sim/apiserver/api-server.ts";
import { writeKubeconfig } from "../../../src/sim/apiserver/kubeconfig.ts";
import { type Listener, listen } from "../../../src/sim/apiserver/listen.ts";
import { createTlsIdentity } from "../../../src/sim/apiserver/tls-identity.ts";
import { clientOf } from "./populate.ts";

const TOKEN = "bench";

/** An API server over HTTPS that counts what is written from outside. */
export class CountingServer {
  readonly client: Client;
  readonly kubeconfig: string;
  readonly #listener: Listener;
  readonly #folder: string;
  readonly #counter: Counter;

  private constructor(server: ApiServer, counter: Counter, listener: Listener, folder: string) {
    // In-process requests need the token, too.
    this.client = clientOf(withToken(server.network));
    this.kubeconfig = join(folder, "kubeconfig");
    this.#listener = listener;
    this.#folder = folder;
    this.#counter = counter;
  }

  static async start(): Promise<CountingServer> {
    const clock = new SystemClock();
    const server = new ApiServer({ clock, prng: new Prng(1), adminToken: TOKEN });
    const counter = new Counter(server.network);
    const tls = await createTlsIdentity({ nowMs: clock.now() });
    const listener = await listen({ transport: counter, clock, host: "127.0.0.1", port: 0, tls });
    const folder = await mkdtemp(join(tmpdir(), "sluice-footprint-"));
    const counting = new CountingServer(server, counter, listener, folder);
    const { caCertificate } = tls;
    await writeKubeconfig(counting.kubeconfig, { url: listener.url, caCertificate, token: TOKEN });
    return counting;
  }

  get writes(): number {
    return this.#counter.writes;
  }

  async stop(): Promise<void> {
    await this.#listener.close();
    await rm(this.#folder, { recursive: true });
  }
}

class Counter implements Transport {
  readonly #inner: Transport;
  writes = 0;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  send(request: ApiRequest) {
    if (request.method !== "GET" && request.method !== "HEAD") this.writes += 1;
    return this.#inner.send(request);
  }
}

function withToken(inner: Transport): Transport {
  const authorization = `Bearer ${TOKEN}`;
  return { send: (request) => inner.send({ ...request, headers: { ...request.headers, authorization } }) };
}
