import type { AnyObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import type { Draft } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { keepMember, moveGeneration, type Part, type Strategy } from "../strategy.ts";
import { CustomValidation } from "./custom-validation.ts";
import { applyDefaults } from "./schema-default.ts";

/** Custom resources: everything comes from the structural schema of their definition. */
export function customStrategy(definition: ResourceDefinition): Strategy {
  const schema = definition.schema ?? {};
  const validation = new CustomValidation(definition);
  const hasStatus = definition.subresources.some(({ name }) => name === "status");
  return {
    setDefaults: (draft) => applyDefaults(schema, draft),
    prepareCreate: (draft) => {
      if (hasStatus) delete draft["status"];
      (draft["metadata"] as Draft)["generation"] = 1;
    },
    prepareUpdate: (draft, old, part) => prepareUpdate(draft, old, part, hasStatus),
    validate: (object) => validation.create(object),
    validateUpdate: (object, old, { part }) => validation.update(object, old, part),
    createsOnUpdate: false,
    allowsUnconditionalUpdate: false,
    returnsDeleted: false,
  };
}

const META: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

function prepareUpdate(draft: Draft, old: AnyObject, part: Part, hasStatus: boolean): void {
  if (part === "status") {
    const { status } = draft;
    for (const name of Object.keys(draft)) if (!META.has(name)) delete draft[name];
    for (const [name, value] of Object.entries(old)) if (!META.has(name)) draft[name] = value;
    if (status === undefined) delete draft["status"];
    else draft["status"] = status;
    keepMetadata(draft, old);
    moveGeneration(draft, old, false);
    return;
  }
  if (hasStatus) keepMember(draft, old, "status");
  moveGeneration(draft, old, !isDeepEqual(counted(draft, hasStatus), counted(old, hasStatus)));
}

/** What moves the generation: everything but the metadata and a status that is a subresource. */
function counted(object: Readonly<Record<string, unknown>>, hasStatus: boolean): Draft {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name !== "metadata" && !(hasStatus && name === "status")),
  );
}

/** A write of the status changes no metadata but managedFields. */
function keepMetadata(draft: Draft, old: AnyObject): void {
  const { resourceVersion, managedFields } = draft["metadata"] as Draft;
  draft["metadata"] = {
    ...old.metadata,
    resourceVersion,
    ...(managedFields === undefined ? {} : { managedFields }),
  };
}
