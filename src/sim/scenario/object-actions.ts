import { z } from "zod";
import { COMMANDS, commandAnnotation } from "../../api/command.ts";
import { ROLLOUT_KIND } from "../../api/kind.ts";
import type { Patch } from "../../kube/client.ts";
import type { Action } from "./action.ts";
import { count, name, strict } from "./fields.ts";
import { expandRef, refMembers, requiredRef, toRef } from "./object-ref.ts";

export const setImage = z
  .preprocess(
    (value) => (typeof value === "string" ? { image: value } : value),
    strict({
      deployment: name("Default: the Rollout's target.").optional(),
      name: name("The same as deployment.").optional(),
      namespace: refMembers.namespace,
      container: name("Default: the first one.").optional(),
      image: name("The new image."),
    }),
  )
  .transform(({ name: byName, deployment = byName, ...rest }): Action => {
    return { kind: "setImage", deployment, ...rest };
  });

const annotationValue = z.union([z.string(), z.number(), z.boolean(), z.null()], { error: "want a text" });

export const annotate = z
  .preprocess(
    (value) => gatherAnnotations(expandRef(typeof value === "string" ? annotationText(value) : value)),
    strict({
      ...refMembers,
      annotations: z.record(z.string(), annotationValue).optional(),
      key: name("One annotation's name.").optional(),
      value: annotationValue.optional(),
      ...Object.fromEntries(COMMANDS.map((command) => [command, annotationValue.optional()])),
    }),
  )
  .transform((written, context): Action => {
    const kind = written.kind ?? (written.name === undefined ? undefined : ROLLOUT_KIND);
    const object = toRef({ ...written, kind }, context);
    const annotations: Record<string, string | null> = {};
    const set = (key: string, value: unknown) => {
      const isCommand = (COMMANDS as readonly string[]).includes(key);
      annotations[isCommand ? `sluice.dev/${key}` : key] = value === null ? null : annotationValueText(value);
    };
    for (const [key, value] of Object.entries(written.annotations ?? {})) set(key, value);
    for (const command of COMMANDS) {
      const value = (written as Readonly<Record<string, unknown>>)[command];
      if (value !== undefined)
        annotations[commandAnnotation(command)] = value === null ? null : annotationValueText(value);
    }
    if (written.key !== undefined) set(written.key, written.value ?? "");
    if (Object.keys(annotations).length === 0) {
      const example = 'want an annotation, for example { abort: "why" } or { annotations: { team: shop } }';
      context.addIssue({ code: "custom", message: example });
    }
    return { kind: "annotate", object, annotations };
  });

/** `abort=why`, as kubectl annotate takes it; a `-` at the end removes. */
function annotationText(text: string): unknown {
  const equals = text.indexOf("=");
  if (equals < 0 && text.endsWith("-")) return { annotations: { [text.slice(0, -1)]: null } };
  return { annotations: equals < 0 ? { [text]: "" } : { [text.slice(0, equals)]: text.slice(equals + 1) } };
}

/** `{ sluice.dev/abort: why }`: what has a slash is an annotation, since no other key has one. */
function gatherAnnotations(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  const named = entries.filter(([key]) => key.includes("/"));
  if (named.length === 0) return value;
  const rest = Object.fromEntries(entries.filter(([key]) => !key.includes("/")));
  return {
    ...rest,
    annotations: { ...(rest["annotations"] as object | undefined), ...Object.fromEntries(named) },
  };
}

/** `abort: true` means the annotation without a reason. */
function annotationValueText(value: unknown): string {
  return value === true ? "" : String(value);
}

const PATCH_TYPES = ["merge", "json", "strategic"] as const;

/** Members of an object that may stand in the action itself, as a merge patch. */
const INLINE = ["metadata", "spec", "data", "status"] as const;

export const patch = z
  .preprocess(
    expandRef,
    strict({
      ...refMembers,
      type: z.enum(PATCH_TYPES, "want merge, json or strategic").optional(),
      patch: z.unknown().optional(),
      ...Object.fromEntries([...PATCH_TYPES, ...INLINE].map((key) => [key, z.unknown().optional()])),
      subresource: z.enum(["status"], "want status").optional(),
    }),
  )
  .transform((written, context): Action => {
    const object = requiredRef(written, context);
    const { type, body } = patchBody(written);
    const isList = Array.isArray(body);
    if (typeof body !== "object" || body === null || isList !== (type === "json")) {
      const message = type === "json" ? "want a list of JSON patch operations" : "want an object of changes";
      context.addIssue({ code: "custom", path: ["patch"], message });
    }
    const whole: Patch = type === "json" ? { type, operations: body as never } : { type, body };
    return { kind: "patch", object, patch: whole, subresource: written.subresource };
  });

/** `{ patch, type }`, `{ merge: ... }`, `{ json: [...] }`, or `{ spec: ... }` alone. */
function patchBody(written: Readonly<Record<string, unknown>>): { type: Patch["type"]; body: unknown } {
  const byType = PATCH_TYPES.find((type) => written[type] !== undefined);
  if (byType !== undefined) return { type: byType, body: written[byType] };
  const inline = INLINE.filter((key) => written[key] !== undefined).map((key) => [key, written[key]]);
  const body = written["patch"] ?? (inline.length === 0 ? undefined : Object.fromEntries(inline));
  const type = (written["type"] as Patch["type"] | undefined) ?? (Array.isArray(body) ? "json" : "merge");
  return { type, body };
}

export const deleteObject = z
  .preprocess(expandRef, strict(refMembers, "want the object: { kind: Service, name: checkout }"))
  .transform((written, context): Action => ({ kind: "delete", object: requiredRef(written, context) }));

export const deletePod = z
  .preprocess(
    (value) => (typeof value === "string" ? { name: value } : value),
    strict({
      name: name("One pod by its name.").optional(),
      pod: name("The same as name.").optional(),
      deployment: name("Pods of this Deployment, the oldest first.").optional(),
      selector: name("Pods with these labels: app=checkout,version=v2.").optional(),
      namespace: refMembers.namespace,
      count: z.union([count("How many."), z.literal("all")], "want a whole number, or all").default(1),
      now: z
        .boolean()
        .describe("At once, without a graceful end (kubectl delete --force --now).")
        .default(false),
    }),
  )
  .transform((written, context): Action => {
    const { name: byName, pod = byName, deployment, selector, namespace, now } = written;
    if ([pod, deployment, selector].filter((way) => way !== undefined).length !== 1) {
      context.addIssue({ code: "custom", message: "want exactly one of name, deployment and selector" });
    }
    const number = written.count === "all" ? Number.MAX_SAFE_INTEGER : written.count;
    return { kind: "deletePod", pod, deployment, selector, namespace, count: number, now };
  });

export const scale = strict({
  deployment: name("The Deployment; its target by default.").optional(),
  name: name("The same as deployment.").optional(),
  namespace: refMembers.namespace,
  replicas: count("Pods wanted."),
}).transform(
  ({ name: byName, deployment = byName, ...rest }): Action => ({ kind: "scale", deployment, ...rest }),
);

const applied = z.union([z.string(), z.record(z.string(), z.unknown())], {
  error: "want the path of a file, or an object",
});

export const apply = z
  .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(applied).min(1))
  .transform(
    (entries): Action => ({
      kind: "apply",
      files: entries.filter((entry) => typeof entry === "string"),
      objects: entries.filter((entry) => typeof entry !== "string"),
    }),
  );
