import type { Client } from "../../src/kube/client.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { ApiServer } from "../../src/sim/apiserver/api-server.ts";
import { writeKubeconfig } from "../../src/sim/apiserver/kubeconfig.ts";
import { listen } from "../../src/sim/apiserver/listen.ts";
import { createTlsIdentity } from "../../src/sim/apiserver/tls-identity.ts";

export interface ServedApi {
  /** Its administrator's client, past the network. */
  readonly inside: Client;
  close(): Promise<void>;
}

/** An API server over HTTPS with a history, a certificate authority and a token of its own; writes its kubeconfig. */
export async function serveApi(options: {
  readonly clock: Clock;
  readonly kubeconfig: string;
  /** 0: any free one. */
  readonly port: number;
  readonly token: string;
  readonly historyLimit?: number;
}): Promise<ServedApi> {
  const { clock, kubeconfig, port, token, ...rest } = options;
  const server = new ApiServer({ clock, prng: new Prng(port), adminToken: token, ...rest });
  const tls = await createTlsIdentity({ nowMs: clock.now() });
  const listener = await listen({ transport: server.network, clock, host: "127.0.0.1", port, tls });
  await writeKubeconfig(kubeconfig, { url: listener.url, caCertificate: tls.caCertificate, token });
  return {
    inside: new RestClient({ transport: server, clock, fieldManager: "test" }),
    close: () => listener.close(),
  };
}
