import { afterEach, describe, expect, it } from "vitest";
import { listenMetrics, type MetricsServer } from "./metrics-server.ts";

const servers: MetricsServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function aServer() {
  let scrapes = 0;
  const mesh = { metricsText: () => `scrapes ${++scrapes}\n` };
  const server = await listenMetrics(mesh, { host: "127.0.0.1", port: 0 });
  servers.push(server);
  return server;
}

describe("the mesh's metrics page", () => {
  it("is made anew for each scrape, in Prometheus' text format", async () => {
    const { url } = await aServer();
    expect(await (await fetch(`${url}/metrics`)).text()).toBe("scrapes 1\n");
    const response = await fetch(`${url}/metrics?x=1`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toBe("scrapes 2\n");
  });

  it("is the only page", async () => {
    const { url } = await aServer();
    expect((await fetch(url)).status).toBe(404);
  });

  it("says so when its port is taken", async () => {
    const { url } = await aServer();
    const port = Number(new URL(url).port);
    await expect(listenMetrics({ metricsText: () => "" }, { host: "127.0.0.1", port })).rejects.toThrow(
      "EADDRINUSE",
    );
  });
});
