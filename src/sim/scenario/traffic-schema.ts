import { z } from "zod";
import { duration, name, strict } from "./fields.ts";

const rps = z
  .number("want requests a second, a number from 0")
  .min(0, "want 0 or more")
  .max(1_000_000, "want at most 1000000");

const methodName = z.string().regex(/^[A-Z]{1,16}$/, "want a method such as GET");

const method = z
  .union([methodName, z.record(methodName, z.number().min(0, "want 0 or more"))], {
    error: "want a method such as GET, or several with their shares: { GET: 9, POST: 1 }",
  })
  .refine((value) => typeof value === "string" || Object.values(value).some((part) => part > 0), {
    error: "want a share above 0 for one method at least",
  })
  .describe("GET by default. Several with how often each comes: { GET: 9, POST: 1 }.");

const clients = z
  .preprocess(
    (value) => (typeof value === "number" ? { count: value } : value),
    strict({
      count: z.int("want a whole number").min(1, "want 1 or more").max(1_000_000, "want at most 1000000"),
      stay: duration("Mean time until a client leaves and a new one comes. Default: for ever.").optional(),
    }),
  )
  .transform(({ count, stay }) => ({ count, stayMs: stay === undefined || stay === 0 ? null : stay }))
  .describe("People behind the requests, each with a cookie jar.");

/** What requests look like. */
const shape = {
  method: method.optional(),
  scheme: z.enum(["http", "https"], "want http or https").optional(),
  protocol: z
    .enum(["http", "tcp", "tls"], "want http, tcp or tls")
    .describe("With tcp and tls, rps is how many connections are opened a second.")
    .optional(),
  connection: duration(
    "How long a connection of tcp and tls is kept open, on average. Default 10s.",
  ).optional(),
  clients: clients.optional(),
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
      replicas: z
        .int("want a whole number")
        .min(1, "want 1 or more")
        .max(1_000, "want at most 1000")
        .describe("Its pods, each with a proxy that learns of changes in its own time. Default 1.")
        .optional(),
      sidecar: z
        .boolean("want true or false")
        .describe("false: no proxy; plain text to the Service, past all routes.")
        .optional(),
    }),
  )
  .describe("Who calls.");

const change = strict({ at: duration("From the start."), rps });

/** Traffic from the start. */
export const trafficSchema = strict({
  name: name("What expectations call it. Default: traffic-0, traffic-1, ...").optional(),
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
