import type { ApiResponse } from "../../../kube/transport.ts";
import { type Backend, nowText } from "../backend.ts";
import { asList, asObject, asText, type Draft, type JsonObject } from "../json-object.ts";
import { badRequest } from "../status.ts";
import { formatTime } from "../typed-scalar.ts";
import { type Call, jsonResponse, type UserInfo } from "../verbs/call.ts";
import { decodeBody } from "../verbs/decode-body.ts";
import { writeOptionsOf } from "../verbs/request-options.ts";
import { findObject } from "../verbs/verb-read.ts";

/** Answers to the kinds that are created to ask a question, and stored nowhere. */
export const REVIEWS: Readonly<Record<string, (backend: Backend, call: Call) => ApiResponse>> = {
  selfsubjectaccessreviews: (backend, call) => accessReview(backend, call, () => call.user),
  subjectaccessreviews: (backend, call) => accessReview(backend, call, subjectOf),
  localsubjectaccessreviews: (backend, call) => accessReview(backend, call, subjectOf),
  selfsubjectrulesreviews: rulesReview,
  selfsubjectreviews: selfReview,
  tokenreviews: tokenReview,
};

function decode(backend: Backend, call: Call): Draft {
  const options = writeOptionsOf("CreateOptions", call.request.query, call.request.headers["user-agent"]);
  return decodeBody(call, backend.strategies.of(call.definition), options);
}

function accessReview(backend: Backend, call: Call, userOf: (spec: JsonObject) => UserInfo): ApiResponse {
  const draft = decode(backend, call);
  const spec = asObject(draft["spec"]);
  const user = userOf(spec);
  return jsonResponse(call, 201, { ...draft, status: { allowed: isAllowed(backend, user, spec) } });
}

function isAllowed({ authorizer }: Backend, user: UserInfo, spec: JsonObject): boolean {
  const path = spec["nonResourceAttributes"];
  if (path !== undefined) {
    const { verb, path: text } = asObject(path);
    return authorizer.allowsPath(user, { verb: String(verb), path: String(text) });
  }
  const { verb, group, resource, subresource, namespace, name } = asObject(spec["resourceAttributes"]);
  return authorizer.allows(user, {
    verb: String(verb ?? ""),
    group: String(group ?? ""),
    resource: String(resource ?? ""),
    subresource: asText(subresource),
    namespace: asText(namespace),
    name: asText(name),
  });
}

function subjectOf(spec: JsonObject): UserInfo {
  return { name: asText(spec["user"]) ?? "", groups: asList(spec["groups"]).map(String) };
}

function rulesReview(backend: Backend, call: Call): ApiResponse {
  const draft = decode(backend, call);
  const namespace = asText(asObject(draft["spec"])["namespace"]);
  if (namespace === undefined) throw badRequest("no namespace on request");
  const rules = backend.authorizer.rulesOf(call.user, namespace);
  const status = {
    resourceRules: rules
      .filter((rule) => rule.resources !== undefined)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        resourceNames,
      })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs !== undefined)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
  return jsonResponse(call, 201, { ...draft, status });
}

function userInfo(user: UserInfo): JsonObject {
  return { username: user.name, ...(user.uid === undefined ? {} : { uid: user.uid }), groups: user.groups };
}

function selfReview(backend: Backend, call: Call): ApiResponse {
  const draft = decode(backend, call);
  const metadata = { creationTimestamp: nowText(backend) };
  return jsonResponse(call, 201, { ...draft, metadata, status: { userInfo: userInfo(call.user) } });
}

function tokenReview(backend: Backend, call: Call): ApiResponse {
  const draft = decode(backend, call);
  const user = backend.authenticator.userOf(String(asObject(draft["spec"])["token"] ?? ""));
  const status =
    user === undefined
      ? { user: {}, error: "invalid bearer token" }
      : { authenticated: true, user: userInfo(user) };
  return jsonResponse(call, 201, { ...draft, status });
}

const DEFAULT_TOKEN_SECONDS = 3_600;

/** POST of `serviceaccounts/NAME/token`. */
export function issueToken(backend: Backend, call: Call): ApiResponse {
  const account = findObject(backend, call);
  const tokenRequest = { ...call.definition, group: "authentication.k8s.io", kind: "TokenRequest" };
  const draft = decode(backend, {
    ...call,
    definition: { ...tokenRequest, storedApiVersion: "authentication.k8s.io/v1" },
  });
  const spec = asObject(draft["spec"]);
  const wanted = asList(spec["audiences"]).map(String);
  const audiences = wanted.length > 0 ? wanted : ["https://kubernetes.default.svc.cluster.local"];
  const expirationSeconds = Number(spec["expirationSeconds"] ?? DEFAULT_TOKEN_SECONDS);
  const { name, namespace = "", uid = "" } = account.metadata;
  const status = {
    token: backend.authenticator.issue({ name, namespace, uid }, expirationSeconds, audiences),
    expirationTimestamp: formatTime(backend.clock.now() + expirationSeconds * 1_000),
  };
  const metadata = { name, namespace, uid, creationTimestamp: nowText(backend) };
  return jsonResponse(call, 201, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata,
    spec: { ...spec, audiences, expirationSeconds },
    status,
  });
}
