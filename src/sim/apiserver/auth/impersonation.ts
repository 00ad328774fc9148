import type { ApiRequest } from "../../../kube/transport.ts";
import { internalError } from "../status.ts";
import type { UserInfo } from "../verbs/call.ts";
import type { Attributes } from "./authorizer.ts";

export interface Impersonation {
  readonly user: UserInfo;
  /** What the real user must be allowed to do for it. */
  readonly needs: readonly Attributes[];
}

/** Whom the Impersonate-* headers name; undefined without them. */
export function impersonationOf(request: ApiRequest): Impersonation | undefined {
  const name = request.headers["impersonate-user"];
  const groups = listOf(request.headers["impersonate-group"]);
  const uid = request.headers["impersonate-uid"];
  if (name === undefined) {
    if (groups.length === 0 && uid === undefined) return undefined;
    throw internalError("requested impersonation without impersonating a user");
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const implied = account === null ? [] : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  const everyone = name === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  return {
    user: { name, uid, groups: [...new Set([...(groups.length > 0 ? groups : implied), everyone])] },
    needs: [
      account === null
        ? impersonate("users", name)
        : { ...impersonate("serviceaccounts", account[2] ?? ""), namespace: account[1] },
      ...groups.map((group) => impersonate("groups", group)),
    ],
  };
}

function impersonate(resource: string, name: string): Attributes {
  return { verb: "impersonate", group: "", resource, subresource: undefined, namespace: undefined, name };
}

function listOf(header: string | undefined): readonly string[] {
  return (header ?? "")
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
}
