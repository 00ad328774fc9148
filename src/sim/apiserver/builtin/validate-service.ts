import { isIP } from "node:net";
import type { AnyObject } from "../../../kube/object.ts";
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
import type { ValidationContext } from "../strategy.ts";
import { hasClusterIp, portsOf } from "./service.ts";
import { portErrors } from "./validate-pod.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

export function serviceErrors(service: AnyObject, { allocator }: ValidationContext): readonly FieldError[] {
  const spec = asObject(service["spec"]);
  const shape = shapeErrors(spec);
  if (shape.length > 0) return shape;
  const [address] = asList(spec["clusterIPs"]).map(String);
  if (address === undefined || address === "None") return [];
  const refusal = (reason: string) => [
    invalidValue("spec.clusterIPs", spec["clusterIPs"], `failed to allocate IP ${address}: ${reason}`),
  ];
  if (!allocator.isInRange(address)) return refusal("the provided network does not match the current range");
  return allocator.isClusterIpTaken(address) ? refusal("provided IP is already allocated") : [];
}

export function serviceUpdateErrors(
  service: AnyObject,
  old: AnyObject,
  { part }: ValidationContext,
): readonly FieldError[] {
  const spec = asObject(service["spec"]);
  const before = asObject(old["spec"]);
  const errors: FieldError[] = [...shapeErrors(spec)];
  const [address] = asList(spec["clusterIPs"]);
  const [known] = asList(before["clusterIPs"]);
  if (known !== undefined && address !== known && hasClusterIp(spec) && hasClusterIp(before)) {
    errors.push(invalidValue("spec.clusterIPs[0]", spec["clusterIPs"], "may not change once set"));
  }
  const ingress = asList(asObject(asObject(service["status"])["loadBalancer"])["ingress"]);
  if (part === "status" && ingress.length > 0 && spec["type"] !== "LoadBalancer") {
    errors.push(
      forbiddenValue("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'"),
    );
  }
  return errors;
}

function shapeErrors(spec: JsonObject): readonly FieldError[] {
  const ports = portsOf(spec);
  const type = String(spec["type"]);
  const address = asText(spec["clusterIP"]) ?? "";
  const isHeadless = address === "None";
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless && hasClusterIp(spec)) errors.push(requiredValue("spec.ports"));
  ports.forEach((port, index) => {
    errors.push(...servicePortErrors(port, `spec.ports[${index}]`, ports.slice(0, index), ports.length > 1));
  });
  if (!TYPES.includes(type)) errors.push(notSupported("spec.type", type, TYPES));
  if (hasClusterIp(spec) && !isHeadless && address !== "" && isIP(address) === 0) {
    errors.push(
      invalidValue(
        "spec.clusterIPs[0]",
        address,
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      ),
    );
  }
  if (type === "ExternalName" && (spec["externalName"] ?? "") === "") {
    errors.push(requiredValue("spec.externalName"));
  }
  return errors;
}

function servicePortErrors(
  port: JsonObject,
  at: string,
  others: readonly JsonObject[],
  needsName: boolean,
): readonly FieldError[] {
  const name = asText(port["name"]) ?? "";
  const errors: FieldError[] = [];
  if (name === "") {
    if (needsName) errors.push(requiredValue(`${at}.name`));
  } else {
    errors.push(...isDnsLabel(name).map((problem) => invalidValue(`${at}.name`, name, problem)));
    if (others.some((other) => other["name"] === name)) errors.push(duplicateValue(`${at}.name`, name));
  }
  errors.push(...portErrors(`${at}.port`, port["port"] ?? 0), ...targetPortErrors(`${at}.targetPort`, port));
  return errors;
}

/** A port by its number, or by the name that the container gives it (an IANA service name). */
function targetPortErrors(field: string, port: JsonObject): readonly FieldError[] {
  const target = port["targetPort"] ?? port["port"] ?? 0;
  if (typeof target !== "string") return portErrors(field, target);
  const problems: string[] = [];
  if (target.length > 15) problems.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(target)) {
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  } else if (!/[a-z]/.test(target)) problems.push("must contain at least one letter (a-z)");
  return problems.map((problem) => invalidValue(field, target, problem));
}
