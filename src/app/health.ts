import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import type { Controller } from "./controller.ts";

export interface HealthServer {
  /** Where it listens; null: nowhere. */
  readonly port: number | null;
  close(): Promise<void>;
}

/** What the pages tell of. */
interface Shown {
  readonly controller: Pick<Controller, "isWorking" | "problems">;
  readonly metrics: MetricsRegistry;
}

/** `/healthz`, `/readyz` and `/metrics`. */
export function healthApp({ controller, metrics }: Shown): Hono {
  const app = new Hono();
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => {
    const problems = [
      ...(controller.isWorking() ? [] : ["caches have not synced yet"]),
      ...controller.problems(),
    ];
    return problems.length === 0 ? context.text("ok\n") : context.text(`${problems.join("\n")}\n`, 503);
  });
  app.get("/metrics", async (context) => {
    const { contentType, text } = await metrics.expose();
    return context.body(text, 200, { "content-type": contentType });
  });
  return app;
}

/** Listens on `address` (`host:port`, `:port` for all interfaces; empty: not at all). */
export async function serveHealth(address: string, shown: Shown): Promise<HealthServer> {
  if (address === "") return { port: null, close: async () => {} };
  const colon = address.lastIndexOf(":");
  const hostname = address.slice(0, colon) || "0.0.0.0";
  const port = Number(address.slice(colon + 1));
  const app = healthApp(shown);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname, port }, (address) =>
      resolve({ port: address.port, close: () => new Promise((done) => server.close(() => done())) }),
    );
    server.once("error", reject);
  });
}
