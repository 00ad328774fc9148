import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "../../../src/kube/client.ts";
import { HttpTransport } from "../../../src/kube/http-transport.ts";
import { loadKubeconfig } from "../../../src/kube/kubeconfig.ts";
import { RestClient } from "../../../src/kube/rest-client.ts";
import { type Clock, SystemClock } from "../../../src/lib/clock.ts";
import { Prng } from "../../../src/lib/prng.ts";
import { ApiServer } from "../../../src/sim/apiserver/api-server.ts";
import { writeKubeconfig } from "../../../src/sim/apiserver/kubeconfig.ts";
import { listen } from "../../../src/sim/apiserver/listen.ts";
import { createTlsIdentity } from "../../../src/sim/apiserver/tls-identity.ts";

const TOKEN = "bench";

/** An empty API server and a client of it. */
export interface Place {
  readonly client: Client;
  close(): Promise<void>;
}

/** The ways to reach the server, by the name of their column. */
export const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  "in-process": async () => {
    const { server, clock } = newServer();
    return { client: clientOf(server, clock), close: async () => {} };
  },
  HTTPS: async () => {
    const { server, clock } = newServer();
    const tls = await createTlsIdentity({ nowMs: clock.now() });
    const listener = await listen({ transport: server.network, clock, host: "127.0.0.1", port: 0, tls });
    const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
    const path = join(folder, "kubeconfig");
    await writeKubeconfig(path, { url: listener.url, caCertificate: tls.caCertificate, token: TOKEN });
    const access = await loadKubeconfig({ path, clock });
    const transport = new HttpTransport({ access, clock, userAgent: "sluice-bench" });
    return {
      client: clientOf(transport, clock),
      close: async () => {
        transport.close();
        await listener.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};

function newServer(): { readonly server: ApiServer; readonly clock: Clock } {
  const clock = new SystemClock();
  return { server: new ApiServer({ clock, prng: new Prng(1), adminToken: TOKEN }), clock };
}

function clientOf(transport: ConstructorParameters<typeof RestClient>[0]["transport"], clock: Clock): Client {
  return new RestClient({ transport, clock, fieldManager: "bench", timeoutMs: 60_000 });
}
