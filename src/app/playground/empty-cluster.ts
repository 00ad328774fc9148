import { randomBytes } from "node:crypto";
import { SystemClock } from "../../lib/clock.ts";
import { Prng } from "../../lib/prng.ts";
import { createCluster } from "../../sim/cluster.ts";
import { createPinoLogger } from "../../telemetry/pino-logger.ts";
import { type ServeApiOptions, serveApi } from "./serve-api.ts";

/** An API server with workload controllers and nodes, and nothing in it: for kubectl, Helm and controllers of others. */
export async function startEmptyCluster(
  options: Pick<ServeApiOptions, "address" | "kubeconfigPath">,
): Promise<{ readonly server: string; stop(): Promise<void> }> {
  const clock = new SystemClock();
  const logger = createPinoLogger({ level: "warn" });
  const adminToken = randomBytes(24).toString("base64url");
  const cluster = createCluster({ clock, prng: new Prng(clock.now()), logger, adminToken });
  await cluster.start();
  const listener = await serveApi({
    ...options,
    clock,
    logger,
    adminToken,
    transport: cluster.apiServer.network,
  });
  return {
    server: listener.url,
    stop: async () => {
      await listener.close();
      await cluster.stop();
    },
  };
}
