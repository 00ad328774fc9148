import { Hono } from "hono";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import type { Controller } from "./controller.ts";
import type { Liveness } from "./liveness.ts";

/** What the pages tell of. */
interface Shown {
  readonly controller: Pick<Controller, "isWorking" | "problems" | "leadership">;
  readonly liveness: Pick<Liveness, "problems">;
  readonly metrics: MetricsRegistry;
}

/** `/healthz`: should this process be replaced? `/readyz`: does it work, or stand by? `/metrics`. */
export function healthApp({ controller, liveness, metrics }: Shown): Hono {
  const app = new Hono();
  app.get("/healthz", (context) => {
    const problems = liveness.problems();
    return problems.length === 0 ? context.text("ok\n") : context.text(lines(problems), 503);
  });
  app.get("/readyz", (context) => {
    const problems = [
      ...(controller.isWorking() ? [] : ["caches have not synced yet"]),
      ...controller.problems(),
    ];
    return problems.length === 0
      ? context.text(`ok: ${roleText(controller)}\n`)
      : context.text(lines(problems), 503);
  });
  app.get("/metrics", async (context) => {
    const { contentType, text } = await metrics.expose();
    return context.body(text, 200, { "content-type": contentType });
  });
  return app;
}

function lines(problems: readonly string[]): string {
  return `${problems.join("\n")}\n`;
}

/** A standby is as ready as a leader: it takes over with warm caches. */
function roleText(controller: Shown["controller"]): string {
  const { leads, holder } = controller.leadership();
  if (leads) return "leads";
  return `stands by, ${holder ?? "nobody yet"} leads`;
}
