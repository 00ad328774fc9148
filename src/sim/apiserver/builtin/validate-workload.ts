import type { AnyObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import {
  type FieldError,
  forbiddenValue,
  IMMUTABLE,
  invalidValue,
  notSupported,
  requiredValue,
} from "../field-error.ts";
import { asList, asObject, isObject, type JsonObject } from "../json-object.ts";
import { labelErrors } from "../object-meta.ts";
import { podSpecErrors } from "./validate-pod.ts";

const NON_NEGATIVE = "must be greater than or equal to 0";

function nonNegative(spec: JsonObject, names: readonly string[]): readonly FieldError[] {
  return names.flatMap((name) => {
    const value = spec[name];
    return typeof value === "number" && value < 0 ? [invalidValue(`spec.${name}`, value, NON_NEGATIVE)] : [];
  });
}

/** Selector and template of a workload; `old` is set on an update. */
function templateErrors(object: AnyObject, old: AnyObject | undefined, kind: string): readonly FieldError[] {
  const spec = asObject(object["spec"]);
  const { selector } = spec;
  const template = asObject(spec["template"]);
  const labels = asObject(template["metadata"])["labels"];
  const errors: FieldError[] = [];
  if (!isObject(selector)) errors.push(requiredValue("spec.selector"));
  else if (Object.keys(selector).length === 0) {
    errors.push(invalidValue("spec.selector", selector, `empty selector is invalid for ${kind}`));
  }
  if (!isObject(selector) || !selects(selector, asObject(labels))) {
    const shown = labels ?? (old === undefined ? null : {});
    errors.push(
      invalidValue("spec.template.metadata.labels", shown, "`selector` does not match template `labels`"),
    );
  }
  errors.push(
    ...labelErrors("spec.template.metadata.labels", asObject(labels) as Readonly<Record<string, string>>),
  );
  errors.push(...podSpecErrors(asObject(template["spec"]), "spec.template.spec", ["Always"]));
  const before = asObject(old?.["spec"])["selector"];
  if (old !== undefined && !isDeepEqual(before, selector)) {
    errors.push(invalidValue("spec.selector", selector, IMMUTABLE));
  }
  return errors;
}

/** Whether a metav1.LabelSelector selects these labels. */
function selects(selector: JsonObject, labels: JsonObject): boolean {
  const hasLabels = Object.entries(asObject(selector["matchLabels"])).every(
    ([key, value]) => labels[key] === value,
  );
  return hasLabels && asList(selector["matchExpressions"]).every((item) => satisfies(asObject(item), labels));
}

function satisfies(expression: JsonObject, labels: JsonObject): boolean {
  const value = labels[String(expression["key"])];
  const values = asList(expression["values"]);
  switch (expression["operator"]) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

export function deploymentErrors(object: AnyObject, old?: AnyObject): readonly FieldError[] {
  const spec = asObject(object["spec"]);
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  const errors = [
    ...nonNegative(spec, ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]),
    ...strategyErrors(asObject(spec["strategy"])),
    ...templateErrors(object, old, "deployment"),
  ];
  if (typeof deadline === "number" && deadline <= Number(minReadySeconds)) {
    errors.push(
      invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"),
    );
  }
  return errors;
}

function strategyErrors({ type, rollingUpdate }: JsonObject): readonly FieldError[] {
  const field = "spec.strategy";
  if (type === "Recreate") {
    return rollingUpdate === undefined
      ? []
      : [forbiddenValue(`${field}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== "RollingUpdate") return [notSupported(`${field}.type`, type, ["Recreate", "RollingUpdate"])];
  const { maxUnavailable, maxSurge } = asObject(rollingUpdate);
  const errors = [
    ...amountErrors(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable),
    ...amountErrors(`${field}.rollingUpdate.maxSurge`, maxSurge),
  ];
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    const place = `${field}.rollingUpdate.maxUnavailable`;
    errors.push(invalidValue(place, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  return errors;
}

function isZero(amount: unknown): boolean {
  return amount === 0 || amount === "0%";
}

/** A number of pods, or a percentage. */
function amountErrors(field: string, amount: unknown): readonly FieldError[] {
  if (typeof amount === "number") return amount < 0 ? [invalidValue(field, amount, NON_NEGATIVE)] : [];
  if (typeof amount !== "string" || /^\d+%$/.test(amount)) return [];
  return [
    invalidValue(
      field,
      amount,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ];
}

export function replicaSetErrors(object: AnyObject, old?: AnyObject): readonly FieldError[] {
  const spec = asObject(object["spec"]);
  return [
    ...nonNegative(spec, ["replicas", "minReadySeconds"]),
    ...templateErrors(object, old, "deployment"),
  ];
}

export function daemonSetErrors(object: AnyObject, old?: AnyObject): readonly FieldError[] {
  const spec = asObject(object["spec"]);
  return [
    ...nonNegative(spec, ["minReadySeconds", "revisionHistoryLimit"]),
    ...templateErrors(object, old, "daemonset"),
  ];
}

export function statefulSetErrors(object: AnyObject, old?: AnyObject): readonly FieldError[] {
  const spec = asObject(object["spec"]);
  return [
    ...nonNegative(spec, ["replicas", "minReadySeconds"]),
    ...templateErrors(object, old, "statefulset"),
  ];
}

export function autoscalerErrors(object: AnyObject): readonly FieldError[] {
  const spec = asObject(object["spec"]);
  const { minReplicas, maxReplicas } = spec;
  const reference = asObject(spec["scaleTargetRef"]);
  const errors: FieldError[] = [];
  for (const name of ["kind", "name"]) {
    if ((reference[name] ?? "") === "") errors.push(requiredValue(`spec.scaleTargetRef.${name}`));
  }
  if (Number(minReplicas) < 1) {
    errors.push(invalidValue("spec.minReplicas", minReplicas, "must be greater than or equal to 1"));
  }
  if (Number(maxReplicas) < 1)
    errors.push(invalidValue("spec.maxReplicas", maxReplicas, "must be greater than 0"));
  else if (Number(maxReplicas) < Number(minReplicas)) {
    errors.push(
      invalidValue("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`"),
    );
  }
  return errors;
}
