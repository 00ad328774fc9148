import type { AnyObject } from "../../../kube/object.ts";
import { apiVersionOf } from "../../../kube/resource.ts";
import type { ApiResponse } from "../../../kube/transport.ts";
import type { Backend } from "../backend.ts";
import { toServed } from "../conversion.ts";
import type { Draft } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { badRequest, expired, notFound, tooLargeVersion } from "../status.ts";
import { type Collection, firstFrom, sortKeyOf } from "../store/collection.ts";
import { type Call, jsonResponse, storeNamespace } from "./call.ts";
import { readContinueToken, writeContinueToken } from "./continue-token.ts";
import { type ListOptions, listOptionsOf } from "./request-options.ts";
import { type Selection, selectionOf } from "./selection.ts";

/** The stored object that the call names. */
export function findObject(backend: Backend, call: Call): AnyObject {
  const name = call.name ?? "";
  const object = backend.store.collection(call.definition.storage).get(storeNamespace(call), name);
  if (object === undefined) throw notFound(call.definition, name);
  return object;
}

export function getObject(backend: Backend, call: Call): ApiResponse {
  const wanted = parseVersion(call.request.query.get("resourceVersion") ?? "");
  if (wanted > backend.store.revision) throw tooLargeVersion(wanted, backend.store.revision);
  return jsonResponse(call, 200, toServed(call.definition, findObject(backend, call)));
}

export function listObjects(backend: Backend, call: Call): ApiResponse {
  const options = listOptionsOf(call.request.query, false);
  const selection = selectionOf(call, options);
  const page = readPage(backend, call, options, selection);
  return jsonResponse(call, 200, listOf(call.definition, page));
}

interface Page {
  readonly items: readonly AnyObject[];
  readonly revision: number;
  readonly next: string | undefined;
  /** Objects after this page; unknown with a selector. */
  readonly remaining: number | undefined;
}

/** The list object; custom resources always say `continue`, and only their items carry apiVersion and kind. */
export function listOf(definition: ResourceDefinition, page: Page): Draft {
  const { items, next, remaining } = page;
  const served = items.map((object) => toServed(definition, object));
  const metadata: Draft = { resourceVersion: String(page.revision) };
  if (next !== undefined || definition.custom) metadata["continue"] = next ?? "";
  if (remaining !== undefined) metadata["remainingItemCount"] = remaining;
  return {
    kind: definition.listKind,
    apiVersion: apiVersionOf(definition),
    metadata,
    items: definition.custom ? served : served.map(withoutType),
  };
}

function withoutType(object: AnyObject): Draft {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

function readPage(backend: Backend, call: Call, options: ListOptions, selection: Selection): Page {
  const collection = backend.store.collection(call.definition.storage);
  const { revision, objects, start } = snapshot(backend, collection, options, selection);
  const first = start === "" ? 0 : firstFrom(objects, `${start}\0`);
  const last = options.limit === 0 ? objects.length : first + options.limit;
  const rest = selection.isEverything
    ? objects.slice(first, last)
    : objects.slice(first).filter(selection.matches);
  const items = options.limit === 0 ? rest : rest.slice(0, options.limit);
  const left = selection.isEverything ? objects.length - first - items.length : rest.length - items.length;
  const end = items.at(-1);
  if (left <= 0 || end === undefined) return { items, revision, next: undefined, remaining: undefined };
  return {
    items,
    revision,
    next: writeContinueToken({ revision, start: sortKeyOf(end) }),
    remaining: selection.isEverything ? left : undefined,
  };
}

interface Snapshot {
  readonly revision: number;
  readonly objects: readonly AnyObject[];
  /** Key after which the page begins. */
  readonly start: string;
}

function snapshot(
  backend: Backend,
  collection: Collection,
  options: ListOptions,
  { namespace, name }: Selection,
): Snapshot {
  const current = backend.store.revision;
  if (options.continue !== "") return continued(collection, options, namespace, current);
  const wanted = parseVersion(options.resourceVersion);
  if (wanted > current) throw tooLargeVersion(wanted, current);
  if (options.match === "Exact") {
    if (wanted < collection.oldestRevision) {
      throw expired("The resourceVersion for the provided list is too old.");
    }
    return { revision: wanted, objects: collection.listAt(namespace, wanted), start: "" };
  }
  if (name !== undefined && namespace !== undefined) {
    const object = collection.get(namespace, name);
    return { revision: current, objects: object === undefined ? [] : [object], start: "" };
  }
  return { revision: current, objects: collection.list(namespace), start: "" };
}

function continued(
  collection: Collection,
  options: ListOptions,
  namespace: string | undefined,
  current: number,
): Snapshot {
  if (options.resourceVersion !== "" && options.resourceVersion !== "0") {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
  const { revision, start } = readContinueToken(options.continue);
  if (revision < 0) return { revision: current, objects: collection.list(namespace), start };
  if (revision < collection.oldestRevision) {
    throw expired(CONTINUE_EXPIRED, { continue: writeContinueToken({ revision: -1, start }) });
  }
  return { revision, objects: collection.listAt(namespace, revision), start };
}

const CONTINUE_EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

function parseVersion(text: string): number {
  if (text === "") return 0;
  if (/^\d+$/.test(text)) return Number(text);
  const quoted = JSON.stringify(text);
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
  );
}
