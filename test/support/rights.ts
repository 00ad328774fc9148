import type { ApiRequest, ApiResponse, Transport } from "../../src/kube/transport.ts";
import { covers, type PolicyRule } from "../../src/sim/apiserver/auth/authorizer.ts";
import { requestInfoOf } from "../../src/sim/apiserver/request-info.ts";

/** One right of a role: `update apps/deployments`. */
export type Right = `${string} ${string}/${string}`;

/** The rights that rules give, one by one. */
export function rightsOf(rules: readonly PolicyRule[]): readonly Right[] {
  return rules.flatMap(({ verbs = [], apiGroups = [], resources = [] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb): Right => `${verb} ${group}/${resource}`)),
    ),
  );
}

/**
 * Lets requests pass as RBAC would for somebody with these rules, and remembers what was asked. The first change of
 * each kind of object meets a conflict, which a controller must be able to look into.
 */
export class RightsGate implements Transport {
  readonly used = new Set<Right>();
  readonly refused = new Set<Right>();
  readonly #inner: Transport;
  readonly #rules: readonly PolicyRule[];
  readonly #conflicted = new Set<string>();

  constructor(inner: Transport, rules: readonly PolicyRule[]) {
    this.#inner = inner;
    this.#rules = rules;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    const info = requestInfoOf(request);
    if (!info.isResource) return this.#inner.send(request);
    const { verb, group, resource, subresource } = info;
    const full = subresource === undefined ? resource : `${resource}/${subresource}`;
    const right: Right = `${verb} ${group}/${full}`;
    if (!this.#rules.some((rule) => covers(rule, info))) {
      this.refused.add(right);
      return failure(403, "Forbidden", `User "sluice" cannot ${right}`);
    }
    this.used.add(right);
    const isChange = (verb === "update" || verb === "patch") && resource !== "events";
    if (!isChange || this.#conflicted.has(resource)) return this.#inner.send(request);
    this.#conflicted.add(resource);
    return failure(
      409,
      "Conflict",
      "the object has been modified; please apply your changes to the latest version",
    );
  }
}

function failure(code: number, reason: string, message: string): ApiResponse {
  const value = { apiVersion: "v1", kind: "Status", status: "Failure", reason, code, message };
  return { status: code, contentType: "application/json", warnings: [], body: { kind: "json", value } };
}
