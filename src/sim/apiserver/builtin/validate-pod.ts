import type { AnyObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  requiredValue,
} from "../field-error.ts";
import { asList, asObject, asText, type JsonObject } from "../json-object.ts";
import { isDnsLabel } from "../names.ts";

const PORT_RANGE = "must be between 1 and 65535, inclusive";
const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

export function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}

export function portErrors(field: string, value: unknown): readonly FieldError[] {
  return isPort(value) ? [] : [invalidValue(field, value, PORT_RANGE)];
}

export function podErrors(pod: AnyObject): readonly FieldError[] {
  return podSpecErrors(asObject(pod["spec"]), "spec", RESTART_POLICIES);
}

/** What is wrong with a pod's spec; workloads allow fewer restart policies in theirs. */
export function podSpecErrors(
  spec: JsonObject,
  field: string,
  restartPolicies: readonly string[],
): readonly FieldError[] {
  const containers = asList(spec["containers"]);
  const volumes = new Set(asList(spec["volumes"]).map((volume) => asObject(volume)["name"]));
  const errors: FieldError[] = [];
  if (containers.length === 0) errors.push(requiredValue(`${field}.containers`));
  for (const list of ["initContainers", "containers"]) {
    errors.push(...containerListErrors(asList(spec[list]), `${field}.${list}`, volumes));
  }
  const { restartPolicy } = spec;
  if (!restartPolicies.includes(String(restartPolicy))) {
    errors.push(notSupported(`${field}.restartPolicy`, restartPolicy, restartPolicies));
  }
  const grace = spec["terminationGracePeriodSeconds"];
  if (typeof grace === "number" && grace < 0) {
    errors.push(
      invalidValue(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than or equal to 0"),
    );
  }
  return errors;
}

function containerListErrors(
  containers: readonly unknown[],
  field: string,
  volumes: ReadonlySet<unknown>,
): readonly FieldError[] {
  const names = new Set<unknown>();
  return containers.flatMap((item, index) => {
    const container = asObject(item);
    const at = `${field}[${index}]`;
    const isDuplicate = names.has(container["name"]);
    names.add(container["name"]);
    return [
      ...containerErrors(container, at),
      ...(isDuplicate ? [duplicateValue(`${at}.name`, container["name"])] : []),
      ...mountErrors(container, at, volumes),
    ];
  });
}

function containerErrors(container: JsonObject, at: string): readonly FieldError[] {
  const name = asText(container["name"]) ?? "";
  const errors: FieldError[] = [];
  if (name === "") errors.push(requiredValue(`${at}.name`));
  else errors.push(...isDnsLabel(name).map((problem) => invalidValue(`${at}.name`, name, problem)));
  if ((asText(container["image"]) ?? "").trim() === "") errors.push(requiredValue(`${at}.image`));
  const pull = container["imagePullPolicy"];
  if (!PULL_POLICIES.includes(String(pull)))
    errors.push(notSupported(`${at}.imagePullPolicy`, pull, PULL_POLICIES));
  asList(container["ports"]).forEach((item, index) => {
    const port = asObject(item);
    errors.push(...portErrors(`${at}.ports[${index}].containerPort`, port["containerPort"]));
    if (!PROTOCOLS.includes(String(port["protocol"]))) {
      errors.push(notSupported(`${at}.ports[${index}].protocol`, port["protocol"], PROTOCOLS));
    }
  });
  asList(container["env"]).forEach((item, index) => {
    if ((asText(asObject(item)["name"]) ?? "") === "") errors.push(requiredValue(`${at}.env[${index}].name`));
  });
  return errors;
}

function mountErrors(
  container: JsonObject,
  at: string,
  volumes: ReadonlySet<unknown>,
): readonly FieldError[] {
  return asList(container["volumeMounts"]).flatMap((item, index) => {
    const { name, mountPath } = asObject(item);
    const place = `${at}.volumeMounts[${index}]`;
    const errors: FieldError[] = [];
    if (!volumes.has(name)) {
      errors.push({
        reason: "FieldValueNotFound",
        field: `${place}.name`,
        body: `Not found: ${JSON.stringify(name)}`,
      });
    }
    if ((asText(mountPath) ?? "") === "") errors.push(requiredValue(`${place}.mountPath`));
    return errors;
  });
}

/** Of a pod that exists only images, tolerations and a few numbers may change. */
export function podUpdateErrors(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  const before = asObject(old["spec"]);
  const after = asObject(pod["spec"]);
  if (isDeepEqual(fixedPart(after), fixedPart(before))) return podErrors(pod);
  return [
    ...podErrors(pod),
    forbiddenValue(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ),
  ];
}

function fixedPart(spec: JsonObject): JsonObject {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, nodeName: _node, ...rest } = spec;
  const withoutImages = (list: unknown) =>
    asList(list).map((item) => ({ ...asObject(item), image: undefined }));
  return {
    ...rest,
    containers: withoutImages(spec["containers"]),
    initContainers: withoutImages(spec["initContainers"]),
    ephemeralContainers: undefined,
  };
}
