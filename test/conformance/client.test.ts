import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { HttpTransport } from "../../src/kube/http-transport.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import type { Transport } from "../../src/kube/transport.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { ApiServer } from "../../src/sim/apiserver/api-server.ts";
import { clientContract } from "./client.contract.ts";
import { serveApi } from "./served-api.ts";

const clock = new SystemClock();

function clientOver(transport: Transport): RestClient {
  return new RestClient({ transport, clock, fieldManager: "sluice-conformance", timeoutMs: 10_000 });
}

/** So short that the contract can outlive it. */
const HISTORY = { historyLimit: 16 };

clientContract("RestClient, in-process with the embedded API server", async () => ({
  client: clientOver(new ApiServer({ clock, prng: new Prng(1), ...HISTORY })),
  close: async () => {},
}));

clientContract("RestClient, over HTTPS with the embedded API server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-conformance-"));
  const kubeconfig = join(folder, "kubeconfig");
  const served = await serveApi({ clock, kubeconfig, port: 0, token: "secret", ...HISTORY });
  const access = await loadKubeconfig({ path: kubeconfig, clock });
  const transport = new HttpTransport({ access, clock, userAgent: "sluice-conformance" });
  return {
    client: clientOver(transport),
    close: async () => {
      transport.close();
      await served.close();
      await rm(folder, { recursive: true });
    },
  };
});

const realCluster = process.env["SLUICE_TEST_KUBECONFIG"];

if (realCluster === undefined) {
  describe("RestClient, over HTTPS with a real cluster", () => {
    it.skip("needs SLUICE_TEST_KUBECONFIG, the path of a kubeconfig", () => {});
  });
} else {
  clientContract("RestClient, over HTTPS with a real cluster", async () => {
    const access = await loadKubeconfig({ path: realCluster, clock });
    const transport = new HttpTransport({ access, clock, userAgent: "sluice-conformance" });
    return { client: clientOver(transport), close: async () => transport.close() };
  });
}
