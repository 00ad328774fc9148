import type { AnyObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { type FieldError, IMMUTABLE, invalidValue, notSupported, requiredValue } from "../field-error.ts";
import { asList, asObject, asText } from "../json-object.ts";
import type { ValidationContext } from "../strategy.ts";

export function leaseErrors(lease: AnyObject): readonly FieldError[] {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = asObject(lease["spec"]);
  const errors: FieldError[] = [];
  if (typeof duration === "number" && duration <= 0) {
    errors.push(invalidValue("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  }
  if (typeof transitions === "number" && transitions < 0) {
    errors.push(invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  }
  return errors;
}

const EVENTS_V1 = "events.k8s.io/v1";
const MAX_NOTE_BYTES = 1_024;

/** Events (k8s.io/kubernetes/pkg/apis/core/validation/events.go): those with an eventTime have to say more. */
export function eventErrors(event: AnyObject, { apiVersion }: ValidationContext): readonly FieldError[] {
  const hasTime = typeof event["eventTime"] === "string";
  const errors = [...namespaceErrors(event, hasTime), ...(hasTime ? reporterErrors(event) : [])];
  if (apiVersion !== EVENTS_V1) return errors;
  if (!hasTime) errors.push(requiredValue("eventTime"));
  const type = asText(event["type"]) ?? "";
  if (type !== "Normal" && type !== "Warning")
    errors.push(invalidValue("type", "", `has invalid value: ${type}`));
  return errors;
}

function namespaceErrors(event: AnyObject, hasTime: boolean): readonly FieldError[] {
  const involved = asText(asObject(event["involvedObject"])["namespace"]) ?? "";
  const { namespace } = event.metadata;
  const isOwn =
    involved === ""
      ? namespace === "default" || (hasTime && namespace === "kube-system")
      : involved === namespace;
  return isOwn ? [] : [invalidValue("involvedObject.namespace", involved, "does not match event.namespace")];
}

function reporterErrors(event: AnyObject): readonly FieldError[] {
  const required = [
    ["reportingComponent", "reportingController"],
    ["reportingInstance", "reportingInstance"],
    ["action", "action"],
    ["reason", "reason"],
  ] as const;
  const errors = required
    .filter(([member]) => (event[member] ?? "") === "")
    .map(([, field]) => requiredValue(field));
  if (Buffer.byteLength(asText(event["message"]) ?? "") > MAX_NOTE_BYTES) {
    errors.push(invalidValue("message", "", `can have at most ${MAX_NOTE_BYTES} characters`));
  }
  return errors;
}

/** Through events.k8s.io only the series of an Event may change. */
const FIXED_EVENT_MEMBERS = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "count",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
];

export function eventUpdateErrors(
  event: AnyObject,
  old: AnyObject,
  context: ValidationContext,
): readonly FieldError[] {
  const errors = eventErrors(event, { ...context, apiVersion: "v1" });
  if (context.apiVersion !== EVENTS_V1) return errors;
  const changed = FIXED_EVENT_MEMBERS.filter((name) => !isDeepEqual(event[name], old[name]));
  return [...errors, ...changed.map((name) => invalidValue(name, event[name], IMMUTABLE))];
}

const SUBJECT_KINDS = ["Group", "ServiceAccount", "User"];

export function roleErrors(role: AnyObject): readonly FieldError[] {
  return asList(role["rules"]).flatMap((item, index) => {
    const rule = asObject(item);
    const at = `rules[${index}]`;
    if (asList(rule["verbs"]).length === 0) {
      return [requiredValue(`${at}.verbs`, "verbs must contain at least one value")];
    }
    if (asList(rule["nonResourceURLs"]).length > 0) return [];
    if (asList(rule["apiGroups"]).length === 0) {
      return [requiredValue(`${at}.apiGroups`, "resource rules must supply at least one api group")];
    }
    return asList(rule["resources"]).length > 0
      ? []
      : [requiredValue(`${at}.resources`, "resource rules must supply at least one resource")];
  });
}

export function roleBindingErrors(binding: AnyObject): readonly FieldError[] {
  const { kind, name } = asObject(binding["roleRef"]);
  const kinds = binding.kind === "RoleBinding" ? ["Role", "ClusterRole"] : ["ClusterRole"];
  const errors: FieldError[] = [];
  if (!kinds.includes(String(kind))) errors.push(notSupported("roleRef.kind", kind, kinds));
  if ((name ?? "") === "") errors.push(requiredValue("roleRef.name"));
  asList(binding["subjects"]).forEach((item, index) => {
    const subject = asObject(item);
    const at = `subjects[${index}]`;
    if ((subject["name"] ?? "") === "") errors.push(requiredValue(`${at}.name`));
    if (!SUBJECT_KINDS.includes(String(subject["kind"]))) {
      errors.push(notSupported(`${at}.kind`, subject["kind"], ["ServiceAccount", "User", "Group"]));
    }
    if (
      subject["kind"] === "ServiceAccount" &&
      binding.kind === "ClusterRoleBinding" &&
      !subject["namespace"]
    ) {
      errors.push(requiredValue(`${at}.namespace`));
    }
  });
  return errors;
}

export function roleBindingUpdateErrors(binding: AnyObject, old: AnyObject): readonly FieldError[] {
  const errors = roleBindingErrors(binding);
  if (isDeepEqual(binding["roleRef"], old["roleRef"])) return errors;
  return [...errors, invalidValue("roleRef", binding["roleRef"], "cannot change roleRef")];
}
