import { z } from "zod";
import type { Action } from "./action.ts";
import { duration, lag, share, strict } from "./fields.ts";
import { imageSchema } from "./image-schema.ts";
import { trafficChangeSchema } from "./traffic-schema.ts";

export const traffic = z
  .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(trafficChangeSchema).min(1))
  .transform((changes): Action => ({ kind: "traffic", changes }));

export const images = z
  .record(z.string(), imageSchema)
  .transform((entries): Action => ({ kind: "images", images: entries }));

const DEFAULT_SLOW_MS = 10_000;

const PROMETHEUS_FORMS = "want up, down, slow, errors, empty, nan, or { slow: 20s }";

export const prometheus = z
  .preprocess(
    (value) => {
      if (typeof value === "string") return { state: value };
      const { slow } = (value ?? {}) as { readonly slow?: unknown };
      return slow === undefined ? value : { state: "slow", delay: slow };
    },
    strict(
      {
        state: z
          .enum(["up", "down", "slow", "errors", "error", "empty", "nan"], PROMETHEUS_FORMS)
          .default("slow"),
        delay: duration("How late answers come.").default(DEFAULT_SLOW_MS),
      },
      PROMETHEUS_FORMS,
    ),
  )
  .transform(({ state, delay }): Action => {
    return { kind: "prometheus", state: state === "error" ? "errors" : state, delayMs: delay };
  });

export const meshDelay = lag.transform((value): Action => ({ kind: "meshDelay", lag: value }));

export const controller = z
  .enum(["kill", "start", "restart"], "want kill, start or restart")
  .transform((verb): Action => ({ kind: "controller", verb }));

const API_SERVER_FORMS = "want up, down, errors, slow, { errors: 30% } or { slow: 2s }";

const apiServerFault = strict({
  errors: share("Share of requests that are answered with status.").optional(),
  errorRate: share("The same as errors.").optional(),
  status: z.int().min(400).max(599).optional(),
  slow: duration("How late answers come.").optional(),
});

export const apiServer = z
  .union([z.enum(["up", "down", "errors", "error", "slow"]), apiServerFault], { error: API_SERVER_FORMS })
  .transform((written): Action => {
    const base = { kind: "apiServer", rate: 1, status: 500, delayMs: 2_000 } as const;
    if (typeof written === "string") return { ...base, state: written === "error" ? "errors" : written };
    const { errorRate, errors = errorRate, status = 500, slow = 0 } = written;
    return {
      ...base,
      state: errors === undefined ? "slow" : "errors",
      rate: errors ?? 0,
      status,
      delayMs: slow,
    };
  });
