import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, SystemClock } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { writeKubeconfig } from "../../src/sim/apiserver/kubeconfig.ts";
import { type Listener, listen } from "../../src/sim/apiserver/listen.ts";
import { createTlsIdentity } from "../../src/sim/apiserver/tls-identity.ts";
import { type Cluster, createCluster } from "../../src/sim/cluster.ts";
import { HEALTHY_IMAGE } from "../../src/sim/image.ts";

const ADMIN_TOKEN = "test-admin";
/** Pods that come and go at once: these tests run in real time. */
const QUICK_IMAGE = { ...HEALTHY_IMAGE, startTimeMs: 20, stopTimeMs: 20 };

/** An API server over HTTPS in a directory of its own, with a kubeconfig for its administrator. */
export class ServedApiServer {
  readonly cluster: Cluster;
  readonly listener: Listener;
  readonly folder: string;
  readonly kubeconfig: string;
  /** Failures that no client is to blame for; a test that ends well leaves it empty. */
  readonly errors: readonly Error[];
  readonly #isAlive: boolean;

  private constructor(
    parts: Pick<ServedApiServer, "cluster" | "listener" | "folder" | "kubeconfig" | "errors">,
    isAlive: boolean,
  ) {
    this.cluster = parts.cluster;
    this.listener = parts.listener;
    this.folder = parts.folder;
    this.kubeconfig = parts.kubeconfig;
    this.errors = parts.errors;
    this.#isAlive = isAlive;
  }

  /** "bare": nobody but the clients changes objects. "alive": workload controllers and a node with its kubelet run. Connections are on wall time, whatever the cluster's clock says. */
  static async start(
    mode: "bare" | "alive",
    clusterClock: Clock = new SystemClock(),
  ): Promise<ServedApiServer> {
    const clock = new SystemClock();
    const cluster = createCluster({
      clock: clusterClock,
      prng: new Prng(1),
      adminToken: ADMIN_TOKEN,
      imageBook: () => QUICK_IMAGE,
    });
    if (mode === "alive") await cluster.start();
    const errors: Error[] = [];
    const tls = await createTlsIdentity({ nowMs: clock.now() });
    const listener = await listen({
      transport: cluster.apiServer.network,
      clock,
      host: "127.0.0.1",
      port: 0,
      tls,
      onError: (error) => errors.push(error),
    });
    const folder = await mkdtemp(join(tmpdir(), "sluice-api-"));
    const kubeconfig = join(folder, "kubeconfig");
    const { caCertificate } = tls;
    await writeKubeconfig(kubeconfig, { url: listener.url, caCertificate, token: ADMIN_TOKEN });
    return new ServedApiServer({ cluster, listener, folder, kubeconfig, errors }, mode === "alive");
  }

  async stop(): Promise<void> {
    await this.listener.close();
    if (this.#isAlive) await this.cluster.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
