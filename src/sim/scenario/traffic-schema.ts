import { z } from "zod";
import { duration, name, strict } from "./fields.ts";

const rps = z
  .number("want requests a second, a number from 0")
  .min(0, "want 0 or more")
  .max(1_000_000, "want at most 1000000");

/** What requests look like. */
const shape = {
  method: z.string().min(1).max(16).optional(),
  path: z.string().startsWith("/", "want a path that begins with /").optional(),
  headers: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .transform((headers) =>
      Object.fromEntries(Object.entries(headers).map(([key, text]) => [key.toLowerCase(), text])),
    )
    .optional(),
  port: z.int().min(1).max(65_535).optional(),
  gateway: name("Where requests enter: mesh, or namespace/name of a gateway.").optional(),
};

const from = z
  .preprocess(
    (value) => (typeof value === "string" ? { workload: value } : value),
    strict({
      workload: name("The client's workload.").optional(),
      namespace: name("The client's namespace. Default: the Rollout's.").optional(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  )
  .describe("Who calls.");

const change = strict({ at: duration("From the start."), rps });

/** Traffic from the start. */
export const trafficSchema = strict({
  host: name("checkout, checkout.shop, checkout.example.com."),
  rps,
  ...shape,
  from: from.optional(),
  changes: z.array(change).max(1_000).describe("Later rates.").optional(),
});

export type TrafficEntry = z.output<typeof trafficSchema>;

/** The timeline's action: what changes, for one host or, without a host, for all. */
export const trafficChangeSchema = strict({
  host: name("Which traffic.").optional(),
  rps: rps.optional(),
  ...shape,
  from: from.optional(),
});

export type TrafficChange = z.output<typeof trafficChangeSchema>;
