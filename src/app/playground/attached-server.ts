import { isAlreadyExists } from "../../kube/api-error.ts";
import { HttpTransport } from "../../kube/http-transport.ts";
import { loadKubeconfig } from "../../kube/kubeconfig.ts";
import { DEPLOYMENT, NAMESPACE } from "../../kube/resources.ts";
import { RestClient } from "../../kube/rest-client.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { Attachment } from "../../sim/world.ts";

export type WorkloadControllersMode = "auto" | "on" | "off";

export interface AttachOptions {
  /** Of an administrator. */
  readonly kubeconfigPath: string;
  readonly workloadControllers: WorkloadControllersMode;
  readonly clock: Clock;
}

/** An API server that runs elsewhere, ready to be played on. Rejects when it cannot be reached. */
export async function attachServer(
  options: AttachOptions,
): Promise<Attachment & { readonly server: string; close(): void }> {
  const { kubeconfigPath, workloadControllers, clock } = options;
  const access = await loadKubeconfig({ path: kubeconfigPath, clock });
  const transport = new HttpTransport({ access, clock, userAgent: "sluice-playground" });
  const client = new RestClient({ transport, clock, fieldManager: "sluice-playground" });
  await client.list(NAMESPACE, { limit: 1 });
  const startWorkloadControllers =
    workloadControllers === "auto"
      ? !(await hasWorkloadControllers(client, clock))
      : workloadControllers === "on";
  return {
    transport,
    startWorkloadControllers,
    server: access.server.origin,
    close: () => transport.close(),
  };
}

const PROBE = { namespace: "default", name: "sluice-probe" };
const PROBE_LABELS = { "sluice.dev/probe": "workload-controllers" };
const PROBE_LIMIT_MS = 5_000;
const PROBE_STEP_MS = 200;

/** Whether somebody there works on Deployments: one of 0 pods is made, and its status tells. */
async function hasWorkloadControllers(client: RestClient, clock: Clock): Promise<boolean> {
  try {
    await client.create(DEPLOYMENT, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: PROBE,
      spec: {
        replicas: 0,
        selector: { matchLabels: PROBE_LABELS },
        template: {
          metadata: { labels: PROBE_LABELS },
          spec: { containers: [{ name: "probe", image: "probe" }] },
        },
      },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  try {
    for (let waitedMs = 0; waitedMs < PROBE_LIMIT_MS; waitedMs += PROBE_STEP_MS) {
      const { status } = await client.get(DEPLOYMENT, PROBE);
      if (status?.observedGeneration !== undefined) return true;
      await sleep(clock, PROBE_STEP_MS);
    }
    return false;
  } finally {
    await client.delete(DEPLOYMENT, PROBE, { propagation: "Background" });
  }
}
