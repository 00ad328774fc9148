import type { ApiRequest } from "../../kube/transport.ts";

/** What a request is about, told from its method and path alone (k8s.io/apiserver/pkg/endpoints/request). */
export type RequestInfo = ResourceRequest | PathRequest;

/** A path outside of the API groups, or one of discovery. */
export interface PathRequest {
  readonly isResource: false;
  readonly path: string;
  /** The method in lower case: what RBAC's nonResourceURLs rules compare. */
  readonly verb: string;
}

export interface ResourceRequest {
  readonly isResource: true;
  readonly path: string;
  /** RBAC verb; `""` for methods that have none. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** Absent at the cluster scope, and for lists across all namespaces. */
  readonly namespace: string | undefined;
  readonly resource: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** The deprecated `/watch/` prefix stands in the path. */
  readonly watchPrefix: boolean;
}

const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Under a namespace these are subresources of the namespace itself. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

export function requestInfoOf(request: Pick<ApiRequest, "method" | "path" | "query">): RequestInfo {
  const parts = request.path.split("/").filter((part) => part !== "");
  const group = parts[0] === "api" ? "" : (parts[1] ?? "");
  const version = parts[0] === "api" ? parts[1] : parts[2];
  const rest = parts.slice(parts[0] === "api" ? 2 : 3);
  const isApi = parts[0] === "api" || parts[0] === "apis";
  if (!isApi || version === undefined || rest.length === 0) {
    return { isResource: false, path: request.path, verb: request.method.toLowerCase() };
  }
  const watchPrefix = rest[0] === "watch" && rest.length > 1;
  const target = targetOf(watchPrefix ? rest.slice(1) : rest);
  return {
    isResource: true,
    path: request.path,
    verb: verbOf(request, target.name, watchPrefix),
    group,
    version,
    ...target,
    watchPrefix,
  };
}

type Target = Pick<ResourceRequest, "namespace" | "resource" | "name" | "subresource">;

function targetOf(parts: readonly string[]): Target {
  const [first, namespace, resource] = parts;
  const isNamespaced =
    first === "namespaces" && resource !== undefined && !NAMESPACE_SUBRESOURCES.has(resource);
  const own = (isNamespaced ? parts.slice(2) : parts).map(decode);
  return {
    namespace: first === "namespaces" && namespace !== undefined ? decode(namespace) : undefined,
    resource: own[0] ?? "",
    name: own[1],
    subresource: own.length > 2 ? own.slice(2).join("/") : undefined,
  };
}

/** A broken escape stands for itself: it names nothing that exists. */
function decode(part: string): string {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function verbOf(
  request: Pick<ApiRequest, "method" | "query">,
  name: string | undefined,
  watchPrefix: boolean,
): string {
  const verb = VERBS[request.method] ?? "";
  if (verb === "get" && watchPrefix) return "watch";
  if (name !== undefined) return verb;
  if (verb === "get") return isTrue(request.query.get("watch")) ? "watch" : "list";
  return verb === "delete" ? "deletecollection" : verb;
}

/** A boolean of a query: true unless it says false or 0. */
export function isTrue(text: string | null): boolean {
  return text !== null && text.toLowerCase() !== "false" && text !== "0";
}
