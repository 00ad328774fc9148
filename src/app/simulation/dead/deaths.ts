import type { ApiRequest } from "../../../kube/transport.ts";
import type { PrometheusFault } from "../../../sim/prometheus/fault.ts";

/** How something that Sluice depends on is dead. It does not come back by itself. */
export interface Death {
  /** Of the controller's requests to the API server: these fail, at once (`refused`) or by never being answered. */
  readonly api?: { readonly how: "refused" | "hangs"; readonly hits: (request: ApiRequest) => boolean };
  readonly prometheus?: PrometheusFault;
  readonly webhooks?: "refused" | "hangs";
  readonly receivers?: "refused" | "hangs";
}

/** Writes of one kind of object, by the plural in its path; subresources are meant too. */
function writesOf(...plurals: readonly string[]): (request: ApiRequest) => boolean {
  return ({ method, path }) => method !== "GET" && path.split("/").some((part) => plurals.includes(part));
}

const ROUTES = writesOf("virtualservices");
const SCALING = writesOf("deployments");
const AUTOSCALERS = writesOf("horizontalpodautoscalers");

/** One dependency at a time: each must leave abort, deadline and weight 0 as they are. */
export const DEATHS = {
  "metrics refused": { prometheus: { kind: "down" } },
  "metrics never answering": { prometheus: { kind: "slow", delayMs: 24 * 3_600_000 } },
  "metrics without data": { prometheus: { kind: "empty" } },
  "webhooks refused": { webhooks: "refused" },
  "webhooks never answering": { webhooks: "hangs" },
  "notifications refused": { receivers: "refused" },
  "notifications never answering": { receivers: "hangs" },
  "DestinationRules refused": { api: { how: "refused", hits: writesOf("destinationrules") } },
  "scaling refused": { api: { how: "refused", hits: SCALING } },
  "scaling never answering": { api: { how: "hangs", hits: SCALING } },
  "Services refused": { api: { how: "refused", hits: writesOf("services") } },
  "autoscalers refused": { api: { how: "refused", hits: AUTOSCALERS } },
  "events refused": { api: { how: "refused", hits: writesOf("events") } },
} as const satisfies Readonly<Record<string, Death>>;

/** The one thing that nothing can be done without. */
export const ROUTES_REFUSED: Death = { api: { how: "refused", hits: ROUTES } };
export const ROUTES_HANG: Death = { api: { how: "hangs", hits: ROUTES } };
