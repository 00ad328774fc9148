import { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from "axios";
import type { Secret } from "../../src/kube/kind/cluster.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import type { Transport } from "../../src/kube/transport.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { SlackNotifier } from "../../src/notify/slack/slack.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { aRollout } from "../support/rollout-objects.ts";
import { notifierContract } from "./notifier.contract.ts";

const SECRET: Secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "slack", namespace: "shop" },
  data: { url: Buffer.from("https://hooks.slack.test/services/T/B/x").toString("base64") },
};

/** An API server that holds the one Secret. */
const SECRETS: Transport = {
  send: async () => ({
    status: 200,
    contentType: "application/json",
    warnings: [],
    body: { kind: "json", value: SECRET },
  }),
};

const STATUS = { well: 200, failing: 503, refusing: 404 } as const;

notifierContract("Slack", () => {
  const clock = new VirtualClock();
  const delivered: string[] = [];
  const problems: string[] = [];
  let how: "well" | "failing" | "refusing" | "silent" = "well";

  async function adapter(config: InternalAxiosRequestConfig) {
    if (how === "silent") {
      return new Promise<never>((_, reject) => {
        config.signal?.addEventListener?.("abort", () =>
          reject(new AxiosError("canceled", "ERR_CANCELED", config)),
        );
      });
    }
    if (how === "well") delivered.push(String(config.data));
    return { status: STATUS[how], statusText: "", data: "", config, headers: new AxiosHeaders() };
  }

  return {
    notifier: new SlackNotifier({
      client: new RestClient({ transport: SECRETS, clock, fieldManager: "sluice" }),
      clock,
      logger: silentLogger,
      random: () => 0.5,
      onProblem: (_rollout, message) => problems.push(message),
      adapter,
    }),
    clock,
    rollout: (minSeverity) =>
      aRollout({ notifications: [{ slack: { secretRef: { name: "slack" } }, minSeverity }] }),
    delivered: () => delivered,
    behave: (next) => {
      how = next;
    },
    problems: () => problems,
  };
});
