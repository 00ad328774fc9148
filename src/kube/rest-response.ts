import { ApiError, type ApiStatus, UnreachableError } from "./api-error.ts";
import type { Deletion, ObjectList, WatchEvent } from "./client.ts";
import type { KubeObject } from "./object.ts";
import { apiVersionOf, type Resource } from "./resource.ts";
import type { ApiResponse } from "./transport.ts";

/** What of an answer that is not JSON goes into an error message. */
const MAX_TEXT_CHARS = 300;

type Json = Readonly<Record<string, unknown>>;

function isJsonObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The answer of something between us and the API server (a proxy, a load balancer) or of a broken one. */
function malformed(doing: string, what: string): UnreachableError {
  return new UnreachableError(`${doing}: the answer is not that of an API server: ${what}`);
}

/** The ApiError of a failed answer, whatever form its body has. */
export function errorOfResponse(response: ApiResponse, doing: string): ApiError {
  const status = withRetryAfter(statusOfBody(response), response);
  return new ApiError(doing, status);
}

function statusOfBody(response: ApiResponse): ApiStatus {
  const { body } = response;
  if (body.kind === "json" && isJsonObject(body.value) && body.value["kind"] === "Status") {
    return toStatus(body.value, response.status);
  }
  if (body.kind === "text" && body.text.trim() !== "") {
    return { code: response.status, message: body.text.trim().slice(0, MAX_TEXT_CHARS) };
  }
  return { code: response.status };
}

function toStatus(value: Json, httpStatus: number): ApiStatus {
  const code = value["code"];
  return { ...value, code: typeof code === "number" && code > 0 ? code : httpStatus } as ApiStatus;
}

/** 429 and 503 often tell the delay in the header alone. */
function withRetryAfter(status: ApiStatus, response: ApiResponse): ApiStatus {
  const seconds = Number(response.headers?.["retry-after"]);
  if (!(seconds > 0) || status.details?.retryAfterSeconds !== undefined) return status;
  return { ...status, details: { ...status.details, retryAfterSeconds: seconds } };
}

/** The JSON value of an answer that is not a failure. */
export function jsonOf(response: ApiResponse, doing: string): unknown {
  if (response.body.kind === "json") return response.body.value;
  if (response.body.kind === "stream") throw malformed(doing, "an endless stream");
  throw malformed(doing, `media type ${response.contentType || "unknown"}`);
}

/** A single object; of any shape beyond its metadata, which only the server knows. */
export function toObject<T extends KubeObject>(value: unknown, doing: string): T {
  if (!isJsonObject(value) || !isJsonObject(value["metadata"])) throw malformed(doing, "no object");
  return value as unknown as T;
}

/** Items of built-in lists have no kind and apiVersion of their own: they get those of the resource. */
export function toList<T extends KubeObject>(
  value: unknown,
  resource: Resource<T>,
  doing: string,
): ObjectList<T> {
  if (!isJsonObject(value) || !isJsonObject(value["metadata"])) throw malformed(doing, "no list");
  const items = value["items"] ?? [];
  if (!Array.isArray(items)) throw malformed(doing, "items is not a list");
  const { resourceVersion, continue: next } = value["metadata"];
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return {
    items: items.map(
      (item: Json) => (item["kind"] === undefined ? { ...type, ...item } : item) as unknown as T,
    ),
    resourceVersion: typeof resourceVersion === "string" ? resourceVersion : "",
    continue: typeof next === "string" && next !== "" ? next : undefined,
  };
}

/** A deletion is answered with a Status, or with the object, which may be gone or on its way. */
export function toDeletion<T extends KubeObject>(value: unknown, doing: string): Deletion<T> {
  if (isJsonObject(value) && value["kind"] === "Status") {
    const details = value["details"];
    const uid = isJsonObject(details) ? details["uid"] : undefined;
    return { kind: "gone", uid: typeof uid === "string" ? uid : undefined };
  }
  const object = toObject<T>(value, doing);
  return isGoneForGood(object) ? { kind: "gone", uid: object.metadata.uid } : { kind: "terminating", object };
}

/**
 * The server's answer to the write that removed an object: it carries the marks of deletion and nothing holds it back.
 * (Removing the last finalizer is answered so, and with the old resourceVersion.)
 */
export function isGoneForGood(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || isHeldNamespace(object)) return false;
  return (finalizers ?? []).length === 0 && (deletionGracePeriodSeconds ?? 0) === 0;
}

/** Namespaces have finalizers of their own, in their spec. */
function isHeldNamespace(object: KubeObject): boolean {
  const { finalizers } = (object as { readonly spec?: { readonly finalizers?: unknown } }).spec ?? {};
  return object.kind === "Namespace" && Array.isArray(finalizers) && finalizers.length > 0;
}

/** One event of a watch; throws the ApiError of an ERROR event. */
export function toWatchEvent<T extends KubeObject>(value: unknown, doing: string): WatchEvent<T> {
  if (!isJsonObject(value) || !isJsonObject(value["object"])) throw malformed(doing, "no watch event");
  const { type, object } = value;
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: toObject<T>(object, doing) };
    case "BOOKMARK":
      return { type, resourceVersion: toObject(object, doing).metadata.resourceVersion ?? "" };
    case "ERROR":
      throw new ApiError(doing, toStatus(object, 500));
    default:
      throw malformed(doing, `event type ${String(type)}`);
  }
}
