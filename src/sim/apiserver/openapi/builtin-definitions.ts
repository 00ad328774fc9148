import type { JsonSchema } from "../custom/json-schema.ts";
import document from "./builtin-definitions.json" with { type: "json" };

/** A schema as Kubernetes publishes it for built-in kinds: with references, and with what patches need to know. */
export interface OpenApiSchema extends JsonSchema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema;
  readonly allOf?: readonly OpenApiSchema[];
  /** `merge`, `replace`, `retainKeys`, or several, separated by commas. */
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

/**
 * The definitions of Kubernetes 1.36 by name (`io.k8s.api.apps.v1.Deployment`): the served built-in kinds and all
 * that they refer to. See DATA.md.
 */
export const BUILTIN_DEFINITIONS = document as unknown as Readonly<Record<string, OpenApiSchema>>;

const NAMES_BY_KIND: ReadonlyMap<string, string> = new Map(
  Object.entries(BUILTIN_DEFINITIONS).flatMap(([name, schema]) => {
    const kinds = schema["x-kubernetes-group-version-kind"] ?? [];
    const own = kinds.length === 1 ? kinds[0] : undefined;
    return own === undefined ? [] : [[`${own.group}/${own.version}/${own.kind}`, name] as const];
  }),
);

/** The name of a built-in kind's definition. */
export function builtinDefinitionName(group: string, version: string, kind: string): string | undefined {
  return NAMES_BY_KIND.get(`${group}/${version}/${kind}`);
}
