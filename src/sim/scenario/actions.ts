import { z } from "zod";
import { COMMANDS, commandAnnotation } from "../../api/command.ts";
import type { Patch } from "../../kube/client.ts";
import { count, duration, name, share, strict } from "./fields.ts";
import { type ImageEntry, imageSchema } from "./image-schema.ts";
import { expandRef, type ObjectRef, refMembers, requiredRef, toRef } from "./object-ref.ts";
import { type TrafficChange, trafficChangeSchema } from "./traffic-schema.ts";

/** One thing that happens to the world. Absent objects and namespaces mean the Rollout, its target, its namespace. */
export type Action =
  | {
      readonly kind: "setImage";
      readonly deployment?: string | undefined;
      readonly namespace?: string | undefined;
      readonly container?: string | undefined;
      readonly image: string;
    }
  | {
      readonly kind: "annotate";
      readonly object: ObjectRef | null;
      /** null removes. */
      readonly annotations: Readonly<Record<string, string | null>>;
    }
  | {
      readonly kind: "patch";
      readonly object: ObjectRef;
      readonly patch: Patch;
      readonly subresource?: "status" | undefined;
    }
  | { readonly kind: "delete"; readonly object: ObjectRef }
  | {
      readonly kind: "deletePod";
      readonly pod?: string | undefined;
      readonly deployment?: string | undefined;
      readonly selector?: string | undefined;
      readonly namespace?: string | undefined;
      readonly count: number;
      readonly now: boolean;
    }
  | {
      readonly kind: "scale";
      readonly deployment: string;
      readonly namespace?: string | undefined;
      readonly replicas: number;
    }
  | { readonly kind: "apply"; readonly files: readonly string[]; readonly objects: readonly unknown[] }
  | { readonly kind: "traffic"; readonly changes: readonly TrafficChange[] }
  | { readonly kind: "images"; readonly images: Readonly<Record<string, ImageEntry>> }
  | {
      readonly kind: "prometheus";
      readonly state: "up" | "down" | "slow" | "errors" | "empty" | "nan";
      readonly delayMs: number;
    }
  | { readonly kind: "meshDelay"; readonly delayMs: number }
  | { readonly kind: "controller"; readonly verb: "kill" | "start" | "restart" }
  | {
      readonly kind: "apiServer";
      readonly state: "up" | "down" | "errors" | "slow";
      readonly rate: number;
      readonly status: number;
      readonly delayMs: number;
    };

const setImage = z
  .preprocess(
    (value) => (typeof value === "string" ? { image: value } : value),
    strict({
      deployment: name("Default: the Rollout's target.").optional(),
      namespace: refMembers.namespace,
      container: name("Default: the only container, or the first one.").optional(),
      image: name("The new image."),
    }),
  )
  .transform((written): Action => ({ kind: "setImage", ...written }));

const annotationValue = z.union([z.string(), z.number(), z.boolean(), z.null()], { error: "want a text" });

const annotate = z
  .preprocess(
    (value) => expandRef(typeof value === "string" ? annotationText(value) : value),
    strict({
      ...refMembers,
      annotations: z.record(z.string(), annotationValue).optional(),
      key: name("One annotation's name.").optional(),
      value: annotationValue.optional(),
      ...Object.fromEntries(COMMANDS.map((command) => [command, annotationValue.optional()])),
    }),
  )
  .transform((written, context): Action => {
    const object = toRef(written, context);
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

/** `abort: true` means the annotation without a reason. */
function annotationValueText(value: unknown): string {
  return value === true ? "" : String(value);
}

const patch = z
  .preprocess(
    expandRef,
    strict({
      ...refMembers,
      type: z.enum(["merge", "json", "strategic"], "want merge, json or strategic").optional(),
      patch: z.unknown(),
      subresource: z.enum(["status"], "want status").optional(),
    }),
  )
  .transform((written, context): Action => {
    const object = requiredRef(written, context);
    const isList = Array.isArray(written.patch);
    const type = written.type ?? (isList ? "json" : "merge");
    if (typeof written.patch !== "object" || written.patch === null || isList !== (type === "json")) {
      context.addIssue({
        code: "custom",
        path: ["patch"],
        message: type === "json" ? "want a list of JSON patch operations" : "want an object of changes",
      });
    }
    const body: Patch =
      type === "json" ? { type, operations: written.patch as never } : { type, body: written.patch };
    return { kind: "patch", object, patch: body, subresource: written.subresource };
  });

const deleteObject = z
  .preprocess(expandRef, strict(refMembers, "want the object: { kind: Service, name: checkout }"))
  .transform((written, context): Action => ({ kind: "delete", object: requiredRef(written, context) }));

const deletePod = z
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

const scale = strict({
  deployment: name("The Deployment."),
  namespace: refMembers.namespace,
  replicas: count("Pods wanted."),
}).transform((written): Action => ({ kind: "scale", ...written }));

const applied = z.union([z.string(), z.record(z.string(), z.unknown())], {
  error: "want the path of a file, or an object",
});

const apply = z
  .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(applied).min(1))
  .transform(
    (entries): Action => ({
      kind: "apply",
      files: entries.filter((entry) => typeof entry === "string"),
      objects: entries.filter((entry) => typeof entry !== "string"),
    }),
  );

const traffic = z
  .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(trafficChangeSchema).min(1))
  .transform((changes): Action => ({ kind: "traffic", changes }));

const images = z
  .record(z.string(), imageSchema)
  .transform((entries): Action => ({ kind: "images", images: entries }));

const DEFAULT_SLOW_MS = 10_000;

const prometheusState = z.enum(["up", "down", "slow", "errors", "error", "empty", "nan"], {
  error: "want up, down, slow, errors, empty, nan, or { slow: 20s }",
});

const prometheus = z
  .union(
    [
      prometheusState.transform((state) => ({ state, delay: DEFAULT_SLOW_MS })),
      strict({ slow: duration("How late answers come.") }).transform(({ slow }) => ({
        state: "slow" as const,
        delay: slow,
      })),
      strict({ state: prometheusState, delay: duration("How late answers come.").default(DEFAULT_SLOW_MS) }),
    ],
    { error: "want up, down, slow, errors, empty, nan, or { slow: 20s }" },
  )
  .transform(
    ({ state, delay }): Action => ({
      kind: "prometheus",
      state: state === "error" ? "errors" : state,
      delayMs: delay,
    }),
  );

const meshDelay = duration("How long changes take to reach proxies.").transform(
  (delayMs): Action => ({ kind: "meshDelay", delayMs }),
);

const controller = z
  .enum(["kill", "start", "restart"], "want kill, start or restart")
  .transform((verb): Action => ({ kind: "controller", verb }));

const API_SERVER_FORMS = "want up, down, errors, slow, { errors: 30% } or { slow: 2s }";

const apiServerFault = strict({
  errors: share("Share of requests that are answered with status.").optional(),
  status: z.int().min(400).max(599).optional(),
  slow: duration("How late answers come.").optional(),
});

const apiServer = z
  .union([z.enum(["up", "down", "errors", "error", "slow"]), apiServerFault], { error: API_SERVER_FORMS })
  .transform((written): Action => {
    const base = { kind: "apiServer", rate: 1, status: 500, delayMs: 2_000 } as const;
    if (typeof written === "string") return { ...base, state: written === "error" ? "errors" : written };
    const { errors, status = 500, slow = 0 } = written;
    return {
      ...base,
      state: errors === undefined ? "slow" : "errors",
      rate: errors ?? 0,
      status,
      delayMs: slow,
    };
  });

/** The keys that an entry of the timeline may have beside `at`. */
export const ACTIONS = {
  setImage,
  annotate,
  patch,
  delete: deleteObject,
  deletePod,
  scale,
  apply,
  traffic,
  images,
  prometheus,
  meshDelay,
  controller,
  apiServer,
} as const;
