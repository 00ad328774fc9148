import type { Transport } from "../../kube/transport.ts";
import { type Clock, SystemClock } from "../../lib/clock.ts";
import { writeKubeconfig } from "../../sim/apiserver/kubeconfig.ts";
import { type Listener, listen } from "../../sim/apiserver/listen.ts";
import { createTlsIdentity } from "../../sim/apiserver/tls-identity.ts";
import type { Logger } from "../../telemetry/logger.ts";

export interface ServeApiOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Port 0: any. */
  readonly address: { readonly host: string; readonly port: number };
  readonly adminToken: string;
  readonly kubeconfigPath: string;
  /** Of the kubeconfig's context. */
  readonly namespace?: string | undefined;
  readonly logger: Logger;
}

/** Puts an API server behind HTTPS, and writes the kubeconfig of its administrator. */
export async function serveApi(options: ServeApiOptions): Promise<Listener> {
  const { transport, clock, address, logger } = options;
  // Certificates are checked by the wall clock of whoever connects.
  const tls = await createTlsIdentity({ nowMs: new SystemClock().now(), hosts: [address.host] });
  const listener = await listen({
    transport,
    clock,
    ...address,
    tls,
    onError: (error) => logger.error("API server failed a request", { error }),
  });
  await writeKubeconfig(options.kubeconfigPath, {
    url: listener.url,
    caCertificate: tls.caCertificate,
    token: options.adminToken,
    name: "sluice-playground",
    namespace: options.namespace,
  });
  return listener;
}
