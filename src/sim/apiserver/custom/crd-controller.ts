import type { AnyObject } from "../../../kube/object.ts";
import { type Backend, nowText } from "../backend.ts";
import { asList, asObject } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { definitionsOf } from "./crd-definition.ts";

const CRDS = "customresourcedefinitions.apiextensions.k8s.io";
/** Holds a CustomResourceDefinition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

/**
 * Keeps the registry in step with the CustomResourceDefinitions. Where the real server takes a moment, a definition is
 * served as soon as its create has been answered, so that nobody has to wait for what has no reason to take time.
 */
export class CrdController {
  readonly #served = new Map<string, readonly ResourceDefinition[]>();

  /** Called after each write; does what follows from it, by further writes. */
  afterWrite(backend: Backend, definition: ResourceDefinition, object: AnyObject, deleted: boolean): void {
    if (definition.custom && deleted) this.#finishCleanup(backend, definition);
    if (definition.storage !== CRDS) return;
    if (deleted) this.#withdraw(backend, object);
    else if (object.metadata.deletionTimestamp !== undefined) this.#cleanUp(backend, object);
    else this.#serve(backend, object);
  }

  #serve(backend: Backend, crd: AnyObject): void {
    const definitions = definitionsOf(crd);
    const before = this.#served.get(crd.metadata.name) ?? [];
    if (asObject(crd["status"])["acceptedNames"] !== undefined && isSameSpec(before, definitions)) return;
    for (const definition of before) backend.registry.remove(definition);
    for (const definition of definitions) {
      backend.registry.add(definition);
      backend.store.collection(definition.storage);
    }
    this.#served.set(crd.metadata.name, definitions);
    const status = establishedStatus(backend, crd);
    const current = backend.store.collection(CRDS).get("", crd.metadata.name);
    if (current !== undefined && status !== undefined) backend.store.replace(CRDS, { ...current, status });
  }

  #withdraw(backend: Backend, crd: AnyObject): void {
    const definitions = this.#served.get(crd.metadata.name) ?? [];
    for (const definition of definitions) backend.registry.remove(definition);
    const storage = definitions[0]?.storage;
    if (storage !== undefined) backend.store.drop(storage);
    this.#served.delete(crd.metadata.name);
  }

  /** Deletes the objects; the definition itself goes with the last one. */
  #cleanUp(backend: Backend, crd: AnyObject): void {
    const [definition] = this.#served.get(crd.metadata.name) ?? [];
    if (definition === undefined) return;
    for (const object of backend.store.collection(definition.storage).list(undefined)) {
      if ((object.metadata.finalizers ?? []).length === 0) backend.store.remove(definition.storage, object);
      else if (object.metadata.deletionTimestamp === undefined) {
        const mark = { deletionTimestamp: nowText(backend), deletionGracePeriodSeconds: 0 };
        backend.store.replace(definition.storage, { ...object, metadata: { ...object.metadata, ...mark } });
      }
    }
    this.#finishCleanup(backend, definition);
  }

  #finishCleanup(backend: Backend, definition: ResourceDefinition): void {
    const crd = backend.store.collection(CRDS).get("", definition.storage);
    if (crd?.metadata.deletionTimestamp === undefined) return;
    if (backend.store.collection(definition.storage).list(undefined).length > 0) return;
    const others = (crd.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    if (others.length > 0) {
      backend.store.replace(CRDS, { ...crd, metadata: { ...crd.metadata, finalizers: others } });
      return;
    }
    this.#withdraw(backend, backend.store.remove(CRDS, crd));
  }
}

function isSameSpec(before: readonly ResourceDefinition[], after: readonly ResourceDefinition[]): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

/** The status once names are accepted and the resource is served; undefined when it says so already. */
function establishedStatus(backend: Backend, crd: AnyObject): AnyObject | undefined {
  const spec = asObject(crd["spec"]);
  const status = asObject(crd["status"]);
  const stored = asList(spec["versions"])
    .map(asObject)
    .find((version) => version["storage"] === true);
  const known = asList(status["storedVersions"]).map(String);
  const name = String(stored?.["name"]);
  const lastTransitionTime = nowText(backend);
  const conditions = asList(status["conditions"]);
  const established = [
    {
      type: "NamesAccepted",
      status: "True",
      lastTransitionTime,
      reason: "NoConflicts",
      message: "no conflicts found",
    },
    {
      type: "Established",
      status: "True",
      lastTransitionTime,
      reason: "InitialNamesAccepted",
      message: "the initial names have been accepted",
    },
  ];
  return {
    conditions: conditions.length > 0 ? conditions : established,
    acceptedNames: spec["names"],
    storedVersions: known.includes(name) ? known : [...known, name],
  } as unknown as AnyObject;
}
