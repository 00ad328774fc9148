import type { ApiRequest } from "../../../kube/transport.ts";
import type { DecodeReport } from "../decode-report.ts";
import { isObject, type JsonObject } from "../json-object.ts";
import { readJson, readYaml, UnreadableText } from "../json-text.ts";
import { badRequest, unsupportedBody } from "../status.ts";

const FORMATS = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/** Go's name of the struct by which it finds out apiVersion and kind, as it stands in its messages. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

export interface ObjectBody {
  readonly value: JsonObject;
  readonly apiVersion: string;
  readonly kind: string;
}

/** The media type of a request's body; without a Content-Type it is JSON. */
export function contentTypeOf(request: ApiRequest): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

/**
 * The object in the body of a create or update. `expectedKind` is named in failures. A built-in path supplies the
 * apiVersion and kind that a body lacks; with `isTyped` false they must be there.
 */
export function readObjectBody(
  request: ApiRequest,
  expectedKind: string,
  isTyped: boolean,
  report: DecodeReport,
): ObjectBody {
  const type = contentTypeOf(request);
  if (type !== "application/json" && type !== "application/yaml") throw unsupportedBody(FORMATS);
  const text = () => bodyText(request.body);
  const unrecognized = (reason: string) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${expectedKind}): ${reason} (${summarize(text())})`,
    );
  const value = parse(request.body, type, report, unrecognized);
  if (value !== null && !isObject(value)) {
    const found = Array.isArray(value) ? "array" : goTypeOf(value);
    throw unrecognized(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type ${TYPE_META}`,
    );
  }
  const object = value ?? {};
  const kind = typeof object["kind"] === "string" ? object["kind"] : "";
  const apiVersion = typeof object["apiVersion"] === "string" ? object["apiVersion"] : "";
  if (!isTyped && kind === "") throw unrecognized(`Object 'Kind' is missing in '${text()}'`);
  if (!isTyped && apiVersion === "") throw unrecognized(`Object 'apiVersion' is missing in '${text()}'`);
  return { value: object, apiVersion, kind };
}

function parse(
  body: unknown,
  type: string,
  report: DecodeReport,
  unrecognized: (reason: string) => Error,
): unknown {
  if (body !== undefined && typeof body !== "string") return body;
  try {
    if (type === "application/yaml") return readYaml(body ?? "");
    return readJson(body ?? "", report);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    throw unrecognized(
      type === "application/yaml"
        ? error.message
        : `couldn't get version/kind; json parse error: ${error.message}`,
    );
  }
}

/** Reads the body of a DELETE: DeleteOptions, or nothing. */
export function readDeleteBody(request: ApiRequest): JsonObject | undefined {
  const { body } = request;
  if (body === undefined || body === "") return undefined;
  if (typeof body !== "string") return isObject(body) ? body : undefined;
  try {
    const value = contentTypeOf(request) === "application/yaml" ? readYaml(body) : readJson(body);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
  }
}

/** The body as text: for messages that quote it. */
export function bodyText(body: unknown): string {
  if (body === undefined) return "";
  return typeof body === "string" ? body : JSON.stringify(body);
}

const SUMMARY_LENGTH = 30;

/** The beginning of a body, in hexadecimal unless it looks like an object (apiserver's summarizeData). */
function summarize(text: string): string {
  if (text === "") return "<empty>";
  const shown = text.slice(0, SUMMARY_LENGTH);
  const rest = text.length > SUMMARY_LENGTH ? " ..." : "";
  return `${text.startsWith("{") ? shown : Buffer.from(shown).toString("hex")}${rest}`;
}

function goTypeOf(value: unknown): string {
  return typeof value === "boolean" ? "bool" : typeof value;
}
