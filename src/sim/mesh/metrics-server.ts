import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mesh } from "./mesh.ts";

export interface MetricsServer {
  /** For example `http://127.0.0.1:15020`; the page is at /metrics. */
  readonly url: string;
  close(): Promise<void>;
}

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Serves the metrics of all proxies as one page, for a real Prometheus. Each series carries job, instance, namespace and
 * pod of its proxy: scrape it with `honor_labels: true`. Port 0 takes a free one. Rejects when the port cannot be had.
 */
export async function listenMetrics(
  mesh: Pick<Mesh, "metricsText">,
  address: { readonly host: string; readonly port: number },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const isPage = request.url?.split("?", 1)[0] === "/metrics";
    response.writeHead(isPage ? 200 : 404, { "content-type": CONTENT_TYPE });
    response.end(isPage ? mesh.metricsText() : "the page is at /metrics\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
