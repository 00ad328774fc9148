import type { AnyObject } from "../../kube/object.ts";
import { apiVersionOf } from "../../kube/resource.ts";
import { scalerFromV2, scalerToV2 } from "./convert-autoscaler.ts";
import { eventFromCore, eventToCore } from "./convert-event.ts";
import type { Draft } from "./json-object.ts";
import type { ResourceDefinition } from "./registry.ts";

interface Conversion {
  /** Both get an object of their own. */
  readonly toStored: (draft: Draft) => Draft;
  readonly fromStored: (object: AnyObject) => Draft;
}

/** Versions of built-in resources that differ from the one that is stored. */
const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  "events.k8s.io/v1 Event": { toStored: eventToCore, fromStored: eventFromCore },
  "autoscaling/v1 HorizontalPodAutoscaler": { toStored: scalerToV2, fromStored: scalerFromV2 },
};

/** An object in the version of `definition`. */
export function toServed(definition: ResourceDefinition, object: AnyObject): AnyObject {
  const apiVersion = apiVersionOf(definition);
  if (object.apiVersion === apiVersion) return object;
  const conversion = CONVERSIONS[`${apiVersion} ${definition.kind}`];
  // CustomResourceDefinitions convert with strategy None: only the version's name differs.
  if (conversion === undefined) return { ...object, apiVersion };
  return { ...conversion.fromStored(object), apiVersion, kind: definition.kind } as AnyObject;
}

/** A draft of the version of `definition` in the version that is stored. */
export function toStored(definition: ResourceDefinition, draft: Draft, storedVersion: string): Draft {
  const apiVersion = apiVersionOf(definition);
  if (apiVersion === storedVersion) return draft;
  const conversion = CONVERSIONS[`${apiVersion} ${definition.kind}`];
  const converted = conversion === undefined ? draft : conversion.toStored(draft);
  return { ...converted, apiVersion: storedVersion, kind: definition.kind };
}
