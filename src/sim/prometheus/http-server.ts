import { type HttpBindings, serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ConnectionRefusedError, type EmbeddedPrometheus } from "./embedded-prometheus.ts";

const MAX_BODY_BYTES = 1_048_576;

/** The embedded Prometheus as a web application: GET and form POST, as Grafana, promtool and curl use them. */
export function prometheusApp(prometheus: EmbeddedPrometheus): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError((error, context) => {
    if (!(error instanceof ConnectionRefusedError)) throw error;
    // A listening socket cannot refuse; to a client a cut connection is the same: no answer.
    context.env.incoming.socket.destroy();
    return new Response(null, { status: 503 });
  });
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES }));
  app.on(["GET", "POST"], "*", async (context) => {
    const url = new URL(context.req.url);
    const params = new URLSearchParams(url.search);
    if (context.req.method === "POST") {
      for (const [name, value] of new URLSearchParams(await context.req.text())) params.append(name, value);
    }
    return respond(context, prometheus, url.pathname, params);
  });
  return app;
}

async function respond(
  context: Context,
  prometheus: EmbeddedPrometheus,
  path: string,
  params: URLSearchParams,
): Promise<Response> {
  const { status, body } = await prometheus.handle(path, params, context.req.raw.signal);
  const isText = typeof body === "string";
  return new Response(isText ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": isText ? "text/plain; charset=utf-8" : "application/json" },
  });
}

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on real sockets. Port 0 takes a free one. While "down", connections are accepted and cut. */
export function listenPrometheus(
  prometheus: EmbeddedPrometheus,
  address: { readonly host: string; readonly port: number },
): Promise<RunningServer> {
  const app = prometheusApp(prometheus);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: address.host, port: address.port }, (info) => {
      resolve({
        url: `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${info.port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.once("error", reject);
  });
}
