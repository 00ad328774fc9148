import type { AnyObject } from "../../../kube/object.ts";
import { apiVersionOf } from "../../../kube/resource.ts";
import type { ApiRequest, ApiResponse } from "../../../kube/transport.ts";
import { ownershipContext } from "../apply/field-owner.ts";
import { type Applied, applyConfiguration, type OwnershipContext } from "../apply/ownership.ts";
import { configErrors } from "../apply/walk.ts";
import type { Backend } from "../backend.ts";
import { toServed, toStored } from "../conversion.ts";
import { asObject, type Draft, isObject, type JsonObject } from "../json-object.ts";
import { readYaml, UnreadableText } from "../json-text.ts";
import { badRequest, internalError, notFound } from "../status.ts";
import type { Part } from "../strategy.ts";
import { type Call, jsonResponse, storeNamespace } from "./call.ts";
import { type WriteOptions, writeOptionsOf } from "./request-options.ts";
import { decodePatched } from "./verb-patch.ts";
import { checkName } from "./verb-write.ts";
import { createObject, placeInNamespace } from "./write-create.ts";
import { updateObject } from "./write-update.ts";

/** Server-side apply: a PATCH that creates what is not there, and says who owns which field. */
export function applyObject(backend: Backend, call: Call, part: Part): ApiResponse {
  const { definition, request } = call;
  const options = writeOptionsOf("PatchOptions", request.query, request.headers["user-agent"], true);
  const config = configurationOf(call);
  const context = ownershipContext(backend, call, options.fieldManager);
  checkConfiguration(call, context, config);
  const old = backend.store.collection(definition.storage).get(storeNamespace(call), call.name ?? "");
  if (old === undefined) return createApplied(backend, call, part, context, { config, options });
  const applied = applyConfiguration(context, old, config, old.metadata.managedFields, options.force);
  const draft = decodeApplied(backend, call, applied, options);
  const object = updateObject(backend, call, {
    old,
    draft,
    part,
    dryRun: options.dryRun,
    unconditional: true,
    fieldManager: options.fieldManager,
    managedFields: applied.managedFields,
  });
  return jsonResponse(call, 200, toServed(definition, object));
}

function createApplied(
  backend: Backend,
  call: Call,
  part: Part,
  context: OwnershipContext,
  { config, options }: { readonly config: JsonObject; readonly options: WriteOptions },
): ApiResponse {
  const { definition } = call;
  if (part !== "main") throw notFound(definition, call.name ?? "");
  const applied = applyConfiguration(context, {}, config, undefined, true);
  const draft = decodeApplied(backend, call, { ...applied, object: config }, options);
  const object = createObject(backend, call, draft, options, applied.managedFields);
  return jsonResponse(call, 201, toServed(definition, object));
}

/** The merged object as a draft in the stored version, which is the one that configurations are merged in. */
function decodeApplied(backend: Backend, call: Call, applied: Applied, options: WriteOptions): Draft {
  const served = toServed(call.definition, applied.object as AnyObject);
  return decodePatched(backend, call, served, options);
}

function configurationOf(call: Call): JsonObject {
  const { definition } = call;
  const config = readConfiguration(call.request);
  const { apiVersion = "", kind = "" } = config;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw badRequest("error decoding YAML: apiVersion and kind must be strings");
  }
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  if (apiVersion !== apiVersionOf(definition) || kind !== definition.kind) {
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${kind}`);
  }
  const { managedFields } = asObject(config["metadata"]);
  if (managedFields !== undefined && managedFields !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  return toStored(definition, config as Draft, definition.storedApiVersion);
}

/** The configuration in the body of an apply: YAML, which JSON is as well. */
export function readConfiguration({ body }: ApiRequest): JsonObject {
  let config = body;
  if (typeof body === "string" || body === undefined) {
    try {
      config = readYaml(body ?? "");
    } catch (error) {
      if (!(error instanceof UnreadableText)) throw error;
      throw badRequest(`error decoding YAML: ${error.message}`);
    }
  }
  if (!isObject(config)) throw badRequest("error decoding YAML: the configuration is no object");
  return config;
}

function checkConfiguration(call: Call, { view }: OwnershipContext, config: JsonObject): void {
  const meta = { ...asObject(config["metadata"]) };
  checkName(call.name ?? "", meta["name"]);
  const errors = configErrors(view, config);
  if (errors.length > 0) {
    const listed =
      errors.length === 1 ? errors[0] : `errors:\n${errors.map((error) => `  ${error}`).join("\n")}`;
    const { apiVersion, kind } = config;
    throw internalError(
      `failed to create typed patch object (${meta["namespace"] ?? ""}/${meta["name"]}; ${apiVersion}, Kind=${kind}): ${listed}`,
    );
  }
  placeInNamespace(call, meta);
}
