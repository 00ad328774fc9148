import type { AnyObject } from "../../../kube/object.ts";
import { valueAt } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { badRequest } from "../status.ts";

/** Tells whether an object (in its stored version) is selected by its fields. */
export type ObjectMatcher = (object: AnyObject) => boolean;

interface Term {
  readonly path: string;
  readonly negated: boolean;
  readonly value: string;
}

const METADATA: Readonly<Record<string, string>> = {
  "metadata.name": ".metadata.name",
  "metadata.namespace": ".metadata.namespace",
};

const EVENT_OBJECT = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** Fields of built-in resources that may be selected by, and where they are in the stored object. */
const SELECTABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/v1/pods": sameNames([
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ]),
  "/v1/events": sameNames([
    ...EVENT_OBJECT.map((name) => `involvedObject.${name}`),
    "reason",
    "reportingComponent",
    "source",
    "type",
  ]),
  "events.k8s.io/v1/events": {
    ...Object.fromEntries(EVENT_OBJECT.map((name) => [`regarding.${name}`, `.involvedObject.${name}`])),
    reason: ".reason",
    reportingController: ".reportingComponent",
    type: ".type",
  },
  "/v1/namespaces": { ...sameNames(["status.phase"]), name: ".metadata.name" },
  "/v1/nodes": sameNames(["spec.unschedulable"]),
  "/v1/secrets": sameNames(["type"]),
  "/v1/services": sameNames(["spec.clusterIP", "spec.type"]),
  "apps/v1/replicasets": sameNames(["status.replicas"]),
};

/** Fields whose absence reads as this text, because the Go type has no "absent". */
const ZERO_TEXT: Readonly<Record<string, string>> = {
  ".spec.hostNetwork": "false",
  ".spec.unschedulable": "false",
  ".status.replicas": "0",
};

/**
 * The matcher of a field selector such as `metadata.name=web,type!=Warning`. Fails with 400 for a field that cannot
 * be selected by, or a text that cannot be read.
 */
export function parseFieldSelector(
  text: string | null | undefined,
  definition: ResourceDefinition,
): ObjectMatcher {
  if (text === null || text === undefined || text.trim() === "") return () => true;
  const terms = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => parseTerm(part, text, definition));
  return (object) => terms.every((term) => (textAt(object, term.path) === term.value) !== term.negated);
}

/** The name that a selector pins, if it pins one: `metadata.name=web`. */
export function pinnedName(text: string | null | undefined): string | undefined {
  return /(?:^|,)metadata\.name==?([^,!=\\]+)(?:,|$)/.exec(text ?? "")?.[1];
}

function parseTerm(part: string, text: string, definition: ResourceDefinition): Term {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
  if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
  const [, label = "", operator, value = ""] = match;
  const path = selectablePath(label, definition);
  if (path === undefined) throw badRequest(unsupportedText(label, definition));
  return { path, negated: operator === "!=", value: value.replaceAll(/\\([\\,=])/g, "$1") };
}

/** Built-in resources without selectable fields of their own have a message of their own. */
function unsupportedText(label: string, definition: ResourceDefinition): string {
  if (definition.custom || SELECTABLE[selectableKey(definition)] !== undefined) {
    return `field label not supported: ${label}`;
  }
  return `${JSON.stringify(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function selectableKey({ group, version, plural }: ResourceDefinition): string {
  return `${group}/${version}/${plural}`;
}

function selectablePath(label: string, definition: ResourceDefinition): string | undefined {
  if (Object.hasOwn(METADATA, label)) return METADATA[label];
  if (definition.custom) return definition.selectableFields.find((path) => path === `.${label}`);
  const fields = SELECTABLE[selectableKey(definition)] ?? {};
  return Object.hasOwn(fields, label) ? fields[label] : undefined;
}

function textAt(object: AnyObject, path: string): string {
  const value = valueAt(object, path);
  if (value === undefined || value === null) return ZERO_TEXT[path] ?? "";
  return typeof value === "string" ? value : String(value);
}

function sameNames(labels: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(labels.map((label) => [label, `.${label}`]));
}
