import { z } from "zod";
import { dashboardUrlProblems } from "../api/notification-template.ts";
import { defaultNotificationSchema } from "../api/spec-notifications.ts";
import { notificationProblems } from "../api/validate-notifications.ts";
import { parseDuration } from "../lib/duration.ts";

const duration = (least: string, most: string) =>
  z
    .string()
    .refine((text) => {
      const ms = parseDuration(text);
      return ms !== null && ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? 0);
    }, `want a duration from ${least} to ${most}`)
    .transform((text) => parseDuration(text) ?? 0);

const httpUrl = z.url({ protocol: /^https?$/, error: "want an http:// or https:// URL" });

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** A list in a file, or in a flag or variable as text with commas. */
const list = (item: z.ZodType<string>, most: number) =>
  z.preprocess(
    (value) =>
      typeof value === "string"
        ? value
            .split(",")
            .map((part) => part.trim())
            .filter((part) => part !== "")
        : value,
    z.array(item).max(most),
  );

/** A value that a flag or variable can only hold as JSON text. */
function fromJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

/** Everything that can be set, with its default. Names are those of the flags; the environment has SLUICE_ before them. */
export const configSchema = z.strictObject({
  kubeconfig: z
    .string()
    .optional()
    .describe("kubeconfig file; absent: $KUBECONFIG, ~/.kube/config, or in-cluster"),
  context: z.string().optional().describe("context of the kubeconfig"),
  namespaces: list(
    z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "want names of namespaces")
      .max(63),
    100,
  )
    .prefault([])
    .describe("look after these namespaces alone, separated by commas; absent: all"),
  prometheus: httpUrl.default("http://prometheus:9090").describe("address of Prometheus"),
  prometheusCredentials: z
    .string()
    .optional()
    .describe("folder with a file token, or files username and password, for Prometheus: a mounted Secret"),
  prometheusTimeout: duration("100ms", "1m").prefault("5s").describe("limit of one query"),
  clusterName: z.string().max(100).optional().describe("shown in every notification"),
  notifications: z
    .preprocess(fromJson, z.array(defaultNotificationSchema).max(32))
    .superRefine((entries, context) => {
      for (const { field, message } of notificationProblems(entries, "")) {
        context.addIssue({ code: "custom", message: `${field}: ${message}` });
      }
    })
    .prefault([])
    .describe(
      "receivers told of every Rollout, as spec.notifications; their Secrets are beside the controller",
    ),
  dashboardUrl: z
    .string()
    .max(2_000)
    .superRefine((text, context) => {
      for (const message of dashboardUrlProblems(text)) context.addIssue({ code: "custom", message });
    })
    .optional()
    .describe(
      "link in notifications; {{ namespace }}, {{ name }}, {{ from }}, {{ to }} and others are filled in",
    ),
  slackApi: httpUrl.default("https://slack.com/api").describe("Slack's Web API, where bot tokens are sent"),
  meshRootNamespace: z
    .string()
    .max(63)
    .default("istio-system")
    .describe("istiod's root namespace, whose PeerAuthentication holds for the whole mesh"),
  drain: duration("0s", "10m")
    .prefault("20s")
    .describe("from weight 0 until pods may go, at least: the mesh learns of it, requests under way end"),
  drainMax: duration("0s", "1h")
    .prefault("3m")
    .describe("how long pods stay at most because requests are still seen to reach them"),
  settle: duration("0s", "10m")
    .prefault("5s")
    .describe("how long pods are ready before they get requests: the mesh learns their addresses"),
  splitWait: duration("0s", "1h")
    .prefault("2m")
    .describe("how long a step's hold waits at most for its weight to show in the metrics"),
  statusRefresh: duration("1s", "1h")
    .prefault("1m")
    .describe("how often evidence in the status is refreshed while nothing else changes"),
  leaderElection: flag
    .optional()
    .describe("only the holder of a Lease writes, others stand by; absent: true in a pod, else false"),
  leaderElectionNamespace: z
    .string()
    .optional()
    .describe("namespace of the Lease; absent: that of the pod or of the kubeconfig's context"),
  leaderElectionLease: z.string().max(253).default("sluice").describe("name of the Lease"),
  workers: count(1, 64)
    .prefault(8)
    .describe(
      "Rollouts worked on at the same time, and as many more that are urgent; waiting for evidence does not count",
    ),
  listen: z.string().default(":8080").describe("address of /metrics, /healthz and /readyz; empty: none"),
  rolloutSeries: count(0, 100_000)
    .prefault(10_000)
    .describe("Rollouts that have series of their own on /metrics, at most; those with a run come first"),
  flaggerMetrics: flag
    .default(false)
    .describe("show flagger_canary_* on /metrics too: Flagger's names, labels and values"),
  otlpEndpoint: z
    .preprocess((value) => (value === "" ? undefined : value), httpUrl.optional())
    .optional()
    .describe(
      "send traces of runs to this OTLP/HTTP receiver, as http://otel-collector:4318; also $OTEL_EXPORTER_OTLP_ENDPOINT; absent: none",
    ),
  debugListen: z
    .string()
    .regex(/^$|^(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/, {
      error: "want a loopback address with a port, as 127.0.0.1:6060; kubectl port-forward reaches it",
    })
    .default("")
    .describe("loopback address of /debug/state and /debug/log-level, as 127.0.0.1:6060; empty: none"),
  webhooksHttpsOnly: flag.default(false).describe("refuse http:// URLs in a Rollout's webhooks"),
  allowAddresses: list(z.union([z.cidrv4(), z.cidrv6()], "want ranges such as 169.254.10.0/24"), 100)
    .prefault([])
    .describe(
      "ranges (CIDR) that URLs of webhooks and notifications may lead to though they are loopback, link-local or a cloud's metadata service",
    ),
  localWebhooks: flag
    .default(false)
    .describe(
      "let URLs of webhooks and notifications lead to any address, this machine too (for the playground and tests)",
    ),
  insecureWebhooks: flag.default(false).describe("let Slack URLs be http:// (for tests)"),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("least severe log line"),
  clockSpeed: z.coerce.number().gt(0).max(1000).default(1).describe("playground only: how fast time runs"),
  clockOrigin: z.coerce
    .number()
    .optional()
    .describe("playground only: wall time at which its time began, ms"),
});
