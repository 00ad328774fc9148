import { z } from "zod";
import { duration, percent } from "./fields.ts";
import { istioSchema } from "./spec-istio.ts";

export const trafficSchema = z.strictObject({
  istio: istioSchema.describe("Istio: a generated VirtualService and DestinationRules."),
});

/** In `shadow.methods`: whatever the method is. */
export const EVERY_METHOD = "*";

export const shadowSchema = z.strictObject({
  percent: percent("Share of requests that is mirrored to the canary.").default(100),
  duration: duration("How long to mirror before anything else."),
  methods: z
    .array(
      z
        .string()
        .max(32)
        .regex(/^(\*|[A-Z]+)$/, "want a method in capital letters, or * for all"),
    )
    .min(1)
    .max(16)
    .default(["GET", "HEAD", "OPTIONS"])
    .describe(
      "Requests with other methods are not mirrored: a mirrored POST is carried out twice. `*` mirrors all; gRPC needs it, since its calls are POST.",
    ),
});

export const serviceSchema = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, "want a DNS label: lower-case letters, digits and '-'")
    .optional()
    .describe("Name of the apex Service. Default: the target's name."),
  port: z.number().int().min(1).max(65535).describe("Port of the Services."),
  targetPort: z
    .union([z.number().int().min(1).max(65535), z.string().min(1).max(15)])
    .optional()
    .describe(
      "Container port, by number or name. Default: what an existing apex Service has for `port`, else the same number.",
    ),
  portName: z
    .string()
    .max(15)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "want lower-case letters, digits and '-'")
    .default("http")
    .describe(
      "Name of the port. Istio reads the protocol from it: `http`, `http2`, `grpc`, `tcp`, `tls`, or one of these and a suffix (`tcp-redis`).",
    ),
  appProtocol: z
    .string()
    .max(63)
    .optional()
    .describe("appProtocol of the port; Istio reads the protocol from it first."),
  portDiscovery: z
    .boolean()
    .default(false)
    .describe("Give the Services all container ports of the target, beside `port`, under their own numbers."),
});
