import { Ajv, type ValidateFunction } from "ajv";
import type { KubeObject } from "../../src/kube/object.ts";
import destinationRuleSchema from "../../src/sim/crds/destination-rule.json" with { type: "json" };
import virtualServiceSchema from "../../src/sim/crds/virtual-service.json" with { type: "json" };

/** Whether specs are valid by Istio's own CRDs; `errors` says why the last one is not. */

/** A structural schema drops members that it does not name; here they are mistakes. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const members = Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, closed(member)]));
  const isObject = members["type"] === "object" && members["properties"] !== undefined;
  return isObject && !("x-kubernetes-preserve-unknown-fields" in members)
    ? { ...members, additionalProperties: false }
    : members;
}

function validatorOf(schema: { readonly properties: { readonly spec: unknown } }): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  return ajv.compile(closed(schema.properties.spec) as object);
}

export const isVirtualService = validatorOf(virtualServiceSchema);
export const isDestinationRule = validatorOf(destinationRuleSchema);

/** What Istio would say of objects of these kinds; of others nothing. */
export function schemaErrors(objects: readonly KubeObject[]): readonly unknown[] {
  return objects.flatMap((object) => {
    const check = CHECKS[object.kind];
    if (check === undefined || check((object as KubeObject & { readonly spec: unknown }).spec)) return [];
    return [{ kind: object.kind, name: object.metadata.name, errors: check.errors }];
  });
}

const CHECKS: Readonly<Record<string, ValidateFunction | undefined>> = {
  VirtualService: isVirtualService,
  DestinationRule: isDestinationRule,
};
