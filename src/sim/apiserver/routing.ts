import type { ApiRequest, ApiResponse } from "../../kube/transport.ts";
import { issueToken, REVIEWS } from "./auth/reviews.ts";
import type { Backend } from "./backend.ts";
import { pageNotFound } from "./path-endpoints.ts";
import { connectToPod } from "./pod-connect.ts";
import { evictPod } from "./pod-eviction.ts";
import type { Registry, ResourceDefinition } from "./registry.ts";
import type { ResourceRequest } from "./request-info.ts";
import { badRequest, methodNotAllowed, notFound, StatusFailure, unknownResource } from "./status.ts";
import type { Part } from "./strategy.ts";
import type { Call } from "./verbs/call.ts";
import { finalizeNamespace } from "./verbs/namespace-finalize.ts";
import { bindPod } from "./verbs/pod-binding.ts";
import { getScale, patchScale, putScale } from "./verbs/scale.ts";
import { applyObject } from "./verbs/verb-apply.ts";
import { patchKindOf, patchObject } from "./verbs/verb-patch.ts";
import { getObject, listObjects } from "./verbs/verb-read.ts";
import { watchObjects } from "./verbs/verb-watch.ts";
import { postObject, putObject, removeCollection, removeObject } from "./verbs/verb-write.ts";

export type Handler = (backend: Backend, call: Call) => ApiResponse;

type Methods = Readonly<Record<string, Handler>>;

const COLLECTION: Methods = {
  list: listObjects,
  watch: watchObjects,
  create: postObject,
  deletecollection: removeCollection,
};

const OBJECT: Methods = {
  get: getObject,
  watch: watchObjects,
  update: (backend, call) => putObject(backend, call, "main"),
  patch: (backend, call) => patchOrApply(backend, call, "main"),
  delete: removeObject,
};

const STATUS: Methods = {
  get: getObject,
  update: (backend, call) => putObject(backend, call, "status"),
  patch: (backend, call) => patchOrApply(backend, call, "status"),
};

const SCALE: Methods = { get: getScale, update: putScale, patch: patchScale };

const CONNECT: Methods = {
  get: connectToPod,
  create: connectToPod,
  update: connectToPod,
  patch: connectToPod,
  delete: connectToPod,
};

const SUBRESOURCES: Readonly<Record<string, Methods>> = {
  status: STATUS,
  scale: SCALE,
  binding: { create: bindPod },
  eviction: { create: evictPod },
  token: { create: issueToken },
  finalize: { update: finalizeNamespace },
  attach: CONNECT,
  exec: CONNECT,
  log: CONNECT,
  portforward: CONNECT,
  proxy: CONNECT,
};

function patchOrApply(backend: Backend, call: Call, part: Part): ApiResponse {
  return patchKindOf(call) === "apply" ? applyObject(backend, call, part) : patchObject(backend, call, part);
}

export type Route =
  | { readonly definition: ResourceDefinition; readonly handler: Handler; readonly names: Names }
  | { readonly definition: undefined; readonly answer: ApiResponse };

type Names = Pick<Call, "verb" | "namespace" | "name" | "subresource">;

/** Who answers a resource request. Built-in groups refuse with a Status, paths of unknown groups are plain 404s. */
export function routeToVerb(registry: Registry, info: ResourceRequest, request: ApiRequest): Route {
  const definition = registry.find(info.group, info.version, info.resource);
  if (definition === undefined) {
    const isBuiltin = registry.list().some(({ group, custom }) => group === info.group && !custom);
    if (isBuiltin) throw unknownResource();
    return { definition: undefined, answer: pageNotFound() };
  }
  if (!isPlaced(definition, info)) {
    if (definition.custom) return { definition: undefined, answer: pageNotFound() };
    throw unknownResource();
  }
  const handler =
    info.subresource === undefined
      ? plainHandler(definition, info)
      : subresourceHandler(definition, info, request);
  const { verb, namespace, name, subresource } = info;
  return { definition, handler, names: { verb, namespace, name, subresource } };
}

/** Namespaced objects are addressed within a namespace; only lists and watches go across. */
function isPlaced(definition: ResourceDefinition, { namespace, name, verb }: ResourceRequest): boolean {
  if (!definition.namespaced) return namespace === undefined || definition.storage === "namespaces";
  return (
    namespace !== undefined || (name === undefined && ["list", "watch", "deletecollection"].includes(verb))
  );
}

function plainHandler(definition: ResourceDefinition, info: ResourceRequest): Handler {
  const { verb, name } = info;
  if (name === undefined) {
    if (definition.custom && (verb === "update" || verb === "patch"))
      throw badRequest("name must be provided");
    const review = definition.custom ? undefined : REVIEWS[definition.plural];
    if (review !== undefined && verb === "create") return review;
    if (!isServed(definition, verb)) throw refusedMethod(definition, verb);
    return COLLECTION[verb] ?? refuse(refusedMethod(definition, verb));
  }
  // The name in the path of a POST means nothing to custom resources.
  if (definition.custom && verb === "create") return postObject;
  return OBJECT[verb] ?? refuse(refusedMethod(definition, verb));
}

function isServed(definition: ResourceDefinition, verb: string): boolean {
  return definition.verbs.some((served) => served === verb);
}

function subresourceHandler(
  definition: ResourceDefinition,
  info: ResourceRequest,
  request: ApiRequest,
): Handler {
  const { subresource = "", name = "", verb } = info;
  const isKnown = definition.subresources.some((known) => known.name === subresource);
  const handler = isKnown ? SUBRESOURCES[subresource]?.[verb] : undefined;
  if (handler !== undefined) return handler;
  if (definition.custom && request.method === "DELETE") throw refusedMethod(definition, verb);
  if (!isKnown) throw definition.custom ? notFound(definition, name) : unknownResource();
  throw refusedMethod(definition, verb);
}

function refuse(failure: Error): Handler {
  return () => {
    throw failure;
  };
}

/** Custom resources name the verb and themselves. */
function refusedMethod(definition: ResourceDefinition, verb: string): StatusFailure {
  if (!definition.custom) return methodNotAllowed();
  return new StatusFailure({
    message: `${verb} is not supported on resources of kind "${definition.plural}.${definition.group}"`,
    reason: "MethodNotAllowed",
    details: { group: definition.group, kind: definition.plural },
    code: 405,
  });
}
