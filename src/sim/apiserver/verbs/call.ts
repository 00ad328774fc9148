import type { ApiRequest, ApiResponse } from "../../../kube/transport.ts";
import type { ResourceDefinition } from "../registry.ts";

/** Who asks, as authentication has found out. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** A request to a resource that exists, by someone who may make it. */
export interface Call {
  readonly request: ApiRequest;
  readonly user: UserInfo;
  readonly verb: string;
  readonly definition: ResourceDefinition;
  /** undefined at the cluster scope. */
  readonly namespace: string | undefined;
  /** undefined for the collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** Texts of Warning headers; verbs add to them. */
  readonly warnings: string[];
}

export function jsonResponse(call: Call, status: number, value: unknown): ApiResponse {
  return {
    status,
    contentType: "application/json",
    warnings: call.warnings,
    body: { kind: "json", value },
  };
}

/** The key of the call's namespace in the store. */
export function storeNamespace(call: Pick<Call, "definition" | "namespace">): string {
  return call.definition.namespaced ? (call.namespace ?? "") : "";
}
