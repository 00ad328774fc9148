import { type Context, Hono } from "hono";
import manifest from "../../package.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import { isoTime } from "../lib/time.ts";
import { type LeveledLogger, LOG_LEVELS, type LogLevel } from "../telemetry/pino-logger.ts";
import type { Controller } from "./controller.ts";
import type { Liveness } from "./liveness.ts";
import { shownSettings } from "./shown-settings.ts";

export interface DebugSources {
  readonly controller: Pick<Controller, "state" | "problems" | "isWorking">;
  readonly liveness: Pick<Liveness, "problems" | "longestBlockMs">;
  readonly logger: LeveledLogger;
  readonly config: Config;
  readonly clock: Clock;
  readonly instance: string;
  readonly memory: () => NodeJS.MemoryUsage;
}

/** Rollouts shown unless one is asked for. */
const MAX_ROLLOUTS = 1_000;

/** `/debug/state` and `/debug/log-level`, for people with a port-forward. No secret is in it; see docs/guides/observability.md. */
export function debugApp(sources: DebugSources): Hono {
  const startedMs = sources.clock.now();
  const app = new Hono();
  // A web page on the machine that forwards the port has no business here.
  app.use(async (context, next) =>
    context.req.header("origin") === undefined ? next() : context.text("not for web pages\n", 403),
  );
  app.get("/debug/state", (context) =>
    context.json(stateOf(sources, { startedMs, rollout: context.req.query("rollout") })),
  );
  app.get("/debug/log-level", (context) => context.text(`${sources.logger.level}\n`));
  app.put("/debug/log-level", (context) => setLevel(context, sources));
  return app;
}

function stateOf(
  sources: DebugSources,
  asked: { readonly startedMs: number; readonly rollout: string | undefined },
) {
  const { controller, liveness, logger, config, clock, instance, memory } = sources;
  const nowMs = clock.now();
  const { rollouts, ...state } = controller.state(asked.rollout);
  return {
    instance,
    version: manifest.version,
    at: isoTime(nowMs),
    upSeconds: Math.round((nowMs - asked.startedMs) / 1_000),
    isWorking: controller.isWorking(),
    problems: [...controller.problems(), ...liveness.problems()],
    logLevel: logger.level,
    memory: memory(),
    longestBlockMs: liveness.longestBlockMs,
    ...state,
    rollouts: rollouts.slice(0, MAX_ROLLOUTS),
    rolloutsLeftOut: Math.max(0, rollouts.length - MAX_ROLLOUTS),
    settings: shownSettings(config),
  };
}

async function setLevel(context: Context, { logger }: DebugSources): Promise<Response> {
  const text = (await context.req.text()).trim();
  const level = LOG_LEVELS.find((it): it is LogLevel => it === text);
  if (level === undefined) return context.text(`want one of ${LOG_LEVELS.join(", ")}\n`, 400);
  logger.warn("log level changes", { from: logger.level, to: level });
  logger.level = level;
  return context.text(`${level}\n`);
}
