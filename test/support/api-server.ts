import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { ApiServer, type ApiServerOptions } from "../../src/sim/apiserver/api-server.ts";
import { writeKubeconfig } from "../../src/sim/apiserver/kubeconfig.ts";
import { type Listener, listen } from "../../src/sim/apiserver/listen.ts";
import { createTlsIdentity } from "../../src/sim/apiserver/tls-identity.ts";

/** An API server over HTTPS in a directory of its own, with a kubeconfig for its administrator. */
export class ServedApiServer {
  readonly server: ApiServer;
  readonly listener: Listener;
  readonly folder: string;
  readonly kubeconfig: string;
  /** What went wrong inside the server; a test that ends well leaves it empty. */
  readonly errors: readonly Error[];

  private constructor(
    parts: Pick<ServedApiServer, "server" | "listener" | "folder" | "kubeconfig" | "errors">,
  ) {
    this.server = parts.server;
    this.listener = parts.listener;
    this.folder = parts.folder;
    this.kubeconfig = parts.kubeconfig;
    this.errors = parts.errors;
  }

  static async start(options: Pick<ApiServerOptions, "historyLimit"> = {}): Promise<ServedApiServer> {
    const clock = new SystemClock();
    const errors: Error[] = [];
    const server = new ApiServer({ clock, prng: new Prng(1), ...options });
    const transport = server.network;
    const tls = await createTlsIdentity({ nowMs: clock.now() });
    const onError = (error: Error) => errors.push(error);
    const listener = await listen({ transport, clock, host: "127.0.0.1", port: 0, tls, onError });
    const folder = await mkdtemp(join(tmpdir(), "sluice-api-"));
    const kubeconfig = join(folder, "kubeconfig");
    await writeKubeconfig(kubeconfig, {
      url: listener.url,
      caCertificate: tls.caCertificate,
      token: "admin",
    });
    return new ServedApiServer({ server, listener, folder, kubeconfig, errors });
  }

  async stop(): Promise<void> {
    await this.listener.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
