import { serve } from "@hono/node-server";
import type { Hono } from "hono";

export interface PageServer {
  /** Where it listens; 0: it does not. */
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on `address` (`host:port`, `:port` for all interfaces; empty: not at all). Rejects when it cannot. */
export async function servePages(address: string, app: Hono): Promise<PageServer> {
  if (address === "") return { port: 0, close: async () => {} };
  const colon = address.lastIndexOf(":");
  const hostname = address.slice(0, colon).replaceAll(/[[\]]/g, "") || "0.0.0.0";
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname, port }, (info) =>
      resolve({ port: info.port, close: () => new Promise((done) => server.close(() => done())) }),
    );
    server.once("error", reject);
  });
}
