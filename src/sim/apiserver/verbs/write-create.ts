import type { AnyObject, ObjectMeta } from "../../../kube/object.ts";
import { apiVersionOf } from "../../../kube/resource.ts";
import { setManagedFields, trackOwnership } from "../apply/field-owner.ts";
import { type Backend, generateName, newUid, nowText } from "../backend.ts";
import type { Draft, JsonObject } from "../json-object.ts";
import { finalizerWarnings } from "../object-meta.ts";
import { storedGroup } from "../registry.ts";
import { alreadyExists, badRequest, forbidden, internalError, invalid, notFound } from "../status.ts";
import { type Call, storeNamespace } from "./call.ts";
import type { WriteOptions } from "./request-options.ts";

/**
 * Stores a new object, in the steps of the real server's rest.BeforeCreate: system fields, allocation, validation.
 * `draft` is decoded, defaulted and in the stored version. A dry run does everything but store.
 * `managedFields` are those of a server-side apply; for other writes they follow from `options`.
 */
export function createObject(
  backend: Backend,
  call: Call,
  draft: Draft,
  options: WriteOptions,
  managedFields?: readonly JsonObject[],
): AnyObject {
  const { definition } = call;
  const strategy = backend.strategies.of(definition);
  const meta = draft["metadata"] as Draft;
  placeInNamespace(call, meta);
  admitToNamespace(backend, call, String(meta["name"] ?? ""));
  for (const name of SET_BY_SERVER) delete meta[name];
  backend.admit(definition, draft);
  strategy.prepareCreate(draft, backend.allocator);
  meta["uid"] = newUid(backend);
  meta["creationTimestamp"] = nowText(backend);
  nameObject(backend, call, meta);
  const object = draft as AnyObject;
  const name = object.metadata.name ?? "";
  if (managedFields === undefined) trackOwnership(backend, call, options.fieldManager, draft, undefined);
  else setManagedFields(draft, managedFields);
  const errors = strategy.validate(object, {
    part: "main",
    apiVersion: apiVersionOf(definition),
    allocator: backend.allocator,
  });
  if (errors.length > 0) throw invalid({ group: storedGroup(definition), kind: object.kind }, name, errors);
  call.warnings.push(...finalizerWarnings(object.metadata));
  const existing = backend.store.collection(definition.storage).get(storeNamespace(call), name);
  if (existing !== undefined) {
    throw alreadyExists(definition, name, existing.metadata.deletionTimestamp !== undefined);
  }
  if (object.metadata.resourceVersion !== undefined) {
    throw internalError("resourceVersion should not be set on objects to be created");
  }
  if (options.dryRun) return object;
  const stored = backend.store.insert(definition.storage, object);
  backend.afterWrite(definition, stored, false);
  return stored;
}

const SET_BY_SERVER = [
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "generation",
  "managedFields",
] as const;

/** The namespace comes from the path; the body may repeat it. */
export function placeInNamespace(call: Call, meta: Draft): void {
  const { namespace, definition } = call;
  const found = meta["namespace"];
  if (!definition.namespaced) {
    delete meta["namespace"];
    return;
  }
  if (found !== undefined && found !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  meta["namespace"] = namespace;
}

/** The NamespaceLifecycle admission plugin: nothing new in a namespace that does not exist or is on its way out. */
function admitToNamespace(backend: Backend, call: Call, name: string): void {
  const { namespace, definition } = call;
  if (!definition.namespaced || namespace === undefined) return;
  const found = backend.store.collection("namespaces").get("", namespace);
  if (found === undefined) throw notFound(NAMESPACES, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  throw forbidden(
    definition,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  );
}

const NAMESPACES = { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };

/** Attempts to find a free generated name before the collision is the client's. */
const GENERATE_ATTEMPTS = 8;

function nameObject(backend: Backend, call: Call, meta: Draft): void {
  const { generateName: base, name } = meta as Partial<ObjectMeta>;
  if ((name ?? "") !== "" || base === undefined || base === "") return;
  const collection = backend.store.collection(call.definition.storage);
  for (let attempt = 0; attempt < GENERATE_ATTEMPTS; attempt++) {
    const generated = generateName(backend, base);
    meta["name"] = generated;
    if (collection.get(storeNamespace(call), generated) === undefined) return;
  }
}
