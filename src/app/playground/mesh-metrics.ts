import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mesh } from "../../sim/mesh/mesh.ts";

/** The metrics of all proxies on one page, for a Prometheus of your own (scrape it with honor_labels). */
export async function serveMeshMetrics(
  mesh: Mesh,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const isPage = request.url === "/metrics";
    response.writeHead(isPage ? 200 : 404, { "content-type": "text/plain; version=0.0.4" });
    response.end(isPage ? mesh.metricsText() : "There is only /metrics here.\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
