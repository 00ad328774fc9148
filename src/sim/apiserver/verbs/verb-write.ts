import type { AnyObject } from "../../../kube/object.ts";
import type { ApiResponse } from "../../../kube/transport.ts";
import type { Backend } from "../backend.ts";
import { toServed } from "../conversion.ts";
import type { Draft } from "../json-object.ts";
import { badRequest, conflict, deletedStatus, notFound } from "../status.ts";
import type { Part } from "../strategy.ts";
import { readDeleteBody } from "./body.ts";
import { type Call, jsonResponse, storeNamespace } from "./call.ts";
import { decodeBody } from "./decode-body.ts";
import { deleteOptionsOf, listOptionsOf, writeOptionsOf } from "./request-options.ts";
import { selectionOf } from "./selection.ts";
import { findObject, listOf } from "./verb-read.ts";
import { createObject, placeInNamespace } from "./write-create.ts";
import { deleteObject } from "./write-delete.ts";
import { updateObject } from "./write-update.ts";

export function postObject(backend: Backend, call: Call): ApiResponse {
  const options = writeOptionsOf("CreateOptions", call.request.query, call.request.headers["user-agent"]);
  const draft = decodeBody(call, backend.strategies.of(call.definition), options);
  const object = createObject(backend, call, draft, options);
  return jsonResponse(call, 201, toServed(call.definition, object));
}

/** PUT of the object or of its status. */
export function putObject(backend: Backend, call: Call, part: Part): ApiResponse {
  const { definition, request, name = "" } = call;
  const strategy = backend.strategies.of(definition);
  const options = writeOptionsOf("UpdateOptions", request.query, request.headers["user-agent"]);
  const draft = decodeBody(call, strategy, options);
  const meta = draft["metadata"] as Draft;
  checkName(name, meta["name"]);
  placeInNamespace(call, meta);
  const old = backend.store.collection(definition.storage).get(storeNamespace(call), name);
  if (old === undefined) {
    if (!strategy.createsOnUpdate || part !== "main") throw notFound(definition, name);
    checkUid(call, meta["uid"], undefined);
    delete meta["resourceVersion"];
    const created = createObject(backend, call, draft, options);
    return jsonResponse(call, 201, toServed(definition, created));
  }
  checkUid(call, meta["uid"], old);
  const unconditional = strategy.allowsUnconditionalUpdate;
  const object = updateObject(backend, call, {
    old,
    draft,
    part,
    dryRun: options.dryRun,
    unconditional,
    fieldManager: options.fieldManager,
  });
  return jsonResponse(call, 200, toServed(definition, object));
}

export function checkName(name: string, found: unknown): void {
  if (found === undefined || found === "") {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (found !== name) {
    throw badRequest(`the name of the object (${found}) does not match the name on the URL (${name})`);
  }
}

/** The uid in the body of a PUT is a precondition; what is not there has none. */
function checkUid(call: Call, uid: unknown, old: AnyObject | undefined): void {
  const found = old?.metadata.uid ?? "";
  if (uid === undefined || uid === "" || uid === found) return;
  const { name = "" } = call;
  throw conflict(
    call.definition,
    name,
    `StorageError: invalid object, Code: 4, Key: ${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`,
  );
}

export function removeObject(backend: Backend, call: Call): ApiResponse {
  const options = deleteOptionsOf(readDeleteBody(call.request), call.request.query);
  const { definition } = call;
  const found = findObject(backend, call);
  const { object, isGone } = deleteObject(backend, call, found, options);
  if (isGone && !backend.strategies.of(definition).returnsDeleted) {
    return jsonResponse(call, 200, deletedStatus(definition, found.metadata.name, found.metadata.uid ?? ""));
  }
  return jsonResponse(call, 200, toServed(definition, object));
}

/** Deletes what is selected; answers with the list as it was. */
export function removeCollection(backend: Backend, call: Call): ApiResponse {
  const { definition, request } = call;
  const options = deleteOptionsOf(readDeleteBody(request), request.query);
  const selection = selectionOf(call, listOptionsOf(request.query, false));
  const items = backend.store
    .collection(definition.storage)
    .list(selection.namespace)
    .filter(selection.matches);
  const { revision } = backend.store;
  for (const object of items) {
    const { namespace, name } = object.metadata;
    deleteObject(backend, { ...call, namespace, name }, object, options);
  }
  return jsonResponse(
    call,
    200,
    listOf(definition, { items, revision, next: undefined, remaining: undefined }),
  );
}
