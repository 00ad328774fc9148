import { stringify } from "yaml";
import type { ApiRequest, ApiResponse } from "../../kube/transport.ts";
import { isObject } from "./json-object.ts";
import { covers, type MediaRange, NOT_ACCEPTABLE, parseAccept } from "./media-type.ts";
import type { ResourceDefinition } from "./registry.ts";
import { badRequest, internalError, notAcceptable } from "./status.ts";
import { partialMetadata, partialMetadataList } from "./table/partial-metadata.ts";
import { columnsOf, type IncludeObject, type TableOptions, tableOf } from "./table/table.ts";

/** In which form a client wants its answer. */
export interface Representation {
  readonly form: "Object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** Of meta.k8s.io, in the forms that belong to it. */
  readonly version: string;
  readonly encoding: "application/json" | "application/yaml";
  readonly includeObject: IncludeObject;
}

const ENCODINGS = ["application/json", "application/yaml"] as const;
const FORMS: Readonly<Record<string, readonly string[]>> = {
  Table: ["v1", "v1beta1"],
  PartialObjectMetadata: ["v1", "v1beta1"],
  PartialObjectMetadataList: ["v1", "v1beta1"],
};
const INCLUDES: ReadonlySet<string> = new Set(["Metadata", "Object", "None"]);

/**
 * What the Accept header asks for; before the request does anything. Throws StatusFailure: 406 when nothing accepted is
 * on offer. (Protobuf is not: every client that prefers it accepts JSON as well.)
 */
export function negotiate(request: Pick<ApiRequest, "headers" | "query">): Representation {
  for (const range of parseAccept(request.headers["accept"])) {
    const encoding = ENCODINGS.find((type) => covers(range, type));
    const form = encoding === undefined ? undefined : formOf(range);
    if (encoding === undefined || form === undefined) continue;
    return { ...form, encoding, includeObject: form.form === "Table" ? includeOf(request) : "Metadata" };
  }
  throw notAcceptable(NOT_ACCEPTABLE);
}

function formOf({ parameters }: MediaRange): Pick<Representation, "form" | "version"> | undefined {
  const { as: form, v: version = "v1", g: group } = parameters;
  if (form === undefined) return { form: "Object", version };
  if (group !== "meta.k8s.io" || FORMS[form]?.includes(version) !== true) return undefined;
  return { form: form as Representation["form"], version };
}

function includeOf(request: Pick<ApiRequest, "query">): IncludeObject {
  const text = request.query.get("includeObject") ?? "";
  if (text === "") return "Metadata";
  if (INCLUDES.has(text)) return text as IncludeObject;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** The answer of a resource request in the form that was negotiated. A Status stays what it is. */
export function represent(
  answer: ApiResponse,
  representation: Representation,
  context: { readonly definition: ResourceDefinition; readonly nowMs: () => number },
): ApiResponse {
  const { body } = answer;
  if (body.kind === "stream") {
    if (representation.form === "Object") return answer;
    return {
      ...answer,
      body: { kind: "stream", events: convertEvents(body.events, representation, context) },
    };
  }
  if (body.kind !== "json") return answer;
  const value = convert(body.value, representation, { ...context, withHeaders: true });
  if (representation.encoding === "application/yaml")
    return {
      ...answer,
      contentType: "application/yaml",
      body: { kind: "text", text: stringify(value, { aliasDuplicateObjects: false }) },
    };
  return value === body.value ? answer : { ...answer, body: { kind: "json", value } };
}

interface ConversionContext {
  readonly definition: ResourceDefinition;
  readonly nowMs: () => number;
  readonly withHeaders: boolean;
}

function convert(value: unknown, representation: Representation, context: ConversionContext): unknown {
  if (!isObject(value) || (value["kind"] === "Status" && value["apiVersion"] === "v1")) return value;
  const { form, version, includeObject } = representation;
  switch (form) {
    case "Object":
      return value;
    case "Table": {
      const options: TableOptions = {
        version,
        includeObject,
        nowMs: context.nowMs(),
        withHeaders: context.withHeaders,
      };
      return tableOf(value, columnsOf(context.definition, String(value["kind"])), options);
    }
    case "PartialObjectMetadata":
      if (Array.isArray(value["items"]))
        throw notAcceptable(
          `you requested ${form}, but the requested object is a list (${goTypeOf(context.definition, "List")})`,
        );
      return partialMetadata(value, version);
    case "PartialObjectMetadataList":
      if (Array.isArray(value["items"])) return partialMetadataList(value, version);
      if (context.definition.custom) throw internalError("content is not a list");
      throw notAcceptable(
        `you requested ${form}, but the requested object is not a list (${goTypeOf(context.definition, "")})`,
      );
  }
}

/** The Go type that such messages name. */
function goTypeOf(definition: ResourceDefinition, suffix: "List" | ""): string {
  if (definition.custom) return `*unstructured.Unstructured${suffix}`;
  const name = definition.group === "" ? "core" : definition.group.split(".")[0];
  return `*${name}.${definition.kind}${suffix}`;
}

/** The events with converted objects. Ending the iteration ends that of the source, also while it waits for an event. */
function convertEvents(
  events: AsyncIterable<unknown>,
  representation: Representation,
  context: Omit<ConversionContext, "withHeaders">,
): AsyncIterable<unknown> {
  let withHeaders = true;
  return {
    [Symbol.asyncIterator]: () => {
      const source = events[Symbol.asyncIterator]();
      return {
        async next() {
          const { done, value: event } = await source.next();
          if (done === true || !isObject(event)) return { done: true, value: undefined };
          const object = convert(event["object"], representation, { ...context, withHeaders });
          withHeaders = false;
          return { done: false, value: { ...event, object } };
        },
        async return() {
          await source.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
