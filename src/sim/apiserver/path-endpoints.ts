import type { ApiRequest, ApiResponse } from "../../kube/transport.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupNames,
} from "./discovery.ts";
import { covers, NOT_ACCEPTABLE, parseAccept } from "./media-type.ts";
import { OpenApiDocuments } from "./openapi/documents.ts";
import type { Registry } from "./registry.ts";
import { methodNotAllowed, notAcceptable, unknownResource } from "./status.ts";

/** What `kubectl version` shows; the minor version is the one whose behaviour is reproduced. */
export const SERVER_VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.2+sluice",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "sluice/embedded",
};

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/** Checks by which monitoring asks; all of them are answered by the process being there. */
const HEALTH_CHECKS = ["ping", "log", "etcd"];

/** Everything that is served outside of the resources: discovery, OpenAPI, version and health. */
export class PathEndpoints {
  readonly #registry: Registry;
  readonly #openApi: OpenApiDocuments;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#openApi = new OpenApiDocuments(registry);
  }

  /** Throws StatusFailure where Kubernetes answers with a Status. */
  answer(request: ApiRequest): ApiResponse {
    const parts = request.path.split("/").filter((part) => part !== "");
    const root = parts[0] ?? "";
    if (root === "healthz" || root === "livez" || root === "readyz") return health(root, parts, request);
    if (root !== "" && !ROOTS.has(root)) return pageNotFound();
    if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
    if (root === "openapi") return this.#openApi.answer(request, parts.slice(1));
    return this.#discovery(request, parts);
  }

  #discovery(request: ApiRequest, parts: readonly string[]): ApiResponse {
    const [root, first, second] = parts;
    if (root === undefined) return json({ paths: this.#paths() });
    if (root === "version") return parts.length === 1 ? json(SERVER_VERSION) : pageNotFound();
    if (root === "api" && parts.length <= 2) return this.#core(request, first);
    if (root === "apis" && first === undefined) return this.#negotiated(request, "apis");
    if (root === "apis" && first !== undefined && parts.length <= 3)
      return this.#group(request, first, second);
    return pageNotFound();
  }

  #core(request: ApiRequest, version: string | undefined): ApiResponse {
    if (version === undefined) return this.#negotiated(request, "api");
    const list = apiResourceList(this.#registry, "", version);
    if (list === undefined) throw unknownResource();
    return plain(request, list);
  }

  #group(request: ApiRequest, group: string, version: string | undefined): ApiResponse {
    const body =
      version === undefined
        ? apiGroup(this.#registry, group)
        : apiResourceList(this.#registry, group, version);
    if (body !== undefined) return plain(request, body);
    // Where a built-in group is installed it answers for its unknown versions itself.
    if (this.#registry.list().some((definition) => definition.group === group && !definition.custom))
      throw unknownResource();
    return pageNotFound();
  }

  #negotiated(request: ApiRequest, root: "api" | "apis"): ApiResponse {
    if (parseAccept(request.headers["accept"]).some(isAggregated))
      return { ...json(aggregatedDiscovery(this.#registry, root)), contentType: AGGREGATED };
    return plain(request, root === "api" ? apiVersions("127.0.0.1") : apiGroupList(this.#registry));
  }

  #paths(): readonly string[] {
    const groups = groupNames(this.#registry).flatMap((group) => [
      `/apis/${group}`,
      ...this.#registry.versionsOf(group).map((version) => `/apis/${group}/${version}`),
    ]);
    const health = ["healthz", "livez", "readyz"].flatMap((root) => [
      `/${root}`,
      ...HEALTH_CHECKS.map((check) => `/${root}/${check}`),
    ]);
    const rest = [
      "/api",
      "/api/v1",
      "/apis",
      "/apis/",
      "/openapi/v2",
      "/openapi/v3",
      "/openapi/v3/",
      "/version",
    ];
    return [...rest, ...groups, ...health].sort();
  }
}

const ROOTS: ReadonlySet<string> = new Set(["api", "apis", "openapi", "version"]);

function isAggregated({ type, parameters }: ReturnType<typeof parseAccept>[number]): boolean {
  return (
    type === "application/json" &&
    parameters["g"] === "apidiscovery.k8s.io" &&
    parameters["v"] === "v2" &&
    parameters["as"] === "APIGroupDiscoveryList"
  );
}

function plain(request: ApiRequest, value: unknown): ApiResponse {
  const accepted = parseAccept(request.headers["accept"]);
  if (!accepted.some((range) => covers(range, "application/json") && range.parameters["as"] === undefined))
    throw notAcceptable(NOT_ACCEPTABLE);
  return json(value);
}

/** The health endpoints look at no verb and no Accept header. */
function health(root: string, parts: readonly string[], request: ApiRequest): ApiResponse {
  if (parts.length > 2 || (parts[1] !== undefined && !HEALTH_CHECKS.includes(parts[1])))
    return pageNotFound();
  if (!request.query.has("verbose")) return text(200, "ok");
  return text(200, `${HEALTH_CHECKS.map((check) => `[+]${check} ok\n`).join("")}${root} check passed\n`);
}

/** The plain answer of Go's mux to paths that nobody has registered. */
export function pageNotFound(): ApiResponse {
  return text(404, "404 page not found\n");
}

function text(status: number, body: string): ApiResponse {
  return {
    status,
    contentType: "text/plain; charset=utf-8",
    warnings: [],
    body: { kind: "text", text: body },
  };
}

function json(value: unknown): ApiResponse {
  return { status: 200, contentType: "application/json", warnings: [], body: { kind: "json", value } };
}
