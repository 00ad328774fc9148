import type { AnyObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { asObject, childOf, type Draft, isObject, setDefault } from "../json-object.ts";
import { defaultPodSpec } from "./default-pod.ts";

function specWithTemplate(draft: Draft): Draft {
  const spec = childOf(draft, "spec");
  defaultPodSpec(childOf(childOf(spec, "template"), "spec"));
  return spec;
}

export function defaultDeployment(draft: Draft): void {
  const spec = specWithTemplate(draft);
  setDefault(spec, "replicas", 1);
  setDefault(spec, "revisionHistoryLimit", 10);
  setDefault(spec, "progressDeadlineSeconds", 600);
  const strategy = childOf(spec, "strategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] !== "RollingUpdate") return;
  const rolling = childOf(strategy, "rollingUpdate");
  setDefault(rolling, "maxUnavailable", "25%");
  setDefault(rolling, "maxSurge", "25%");
}

export function defaultReplicaSet(draft: Draft): void {
  setDefault(specWithTemplate(draft), "replicas", 1);
}

export function defaultDaemonSet(draft: Draft): void {
  const spec = specWithTemplate(draft);
  setDefault(spec, "revisionHistoryLimit", 10);
  const strategy = childOf(spec, "updateStrategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] !== "RollingUpdate") return;
  const rolling = childOf(strategy, "rollingUpdate");
  setDefault(rolling, "maxUnavailable", 1);
  setDefault(rolling, "maxSurge", 0);
}

const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

/** The generation of a DaemonSet's template is an annotation since it is no field any more. */
export function prepareNewDaemonSet(draft: Draft): void {
  childOf(childOf(draft, "metadata"), "annotations")[TEMPLATE_GENERATION] = "1";
}

export function prepareDaemonSetUpdate(draft: Draft, old: AnyObject): void {
  const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
  const isSame = isDeepEqual(asObject(draft["spec"])["template"], asObject(old["spec"])["template"]);
  childOf(childOf(draft, "metadata"), "annotations")[TEMPLATE_GENERATION] = String(
    isSame ? before : before + 1,
  );
}

export function defaultStatefulSet(draft: Draft): void {
  const spec = specWithTemplate(draft);
  setDefault(spec, "replicas", 1);
  setDefault(spec, "podManagementPolicy", "OrderedReady");
  setDefault(spec, "revisionHistoryLimit", 10);
  const retention = childOf(spec, "persistentVolumeClaimRetentionPolicy");
  setDefault(retention, "whenDeleted", "Retain");
  setDefault(retention, "whenScaled", "Retain");
  const strategy = childOf(spec, "updateStrategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") setDefault(childOf(strategy, "rollingUpdate"), "partition", 0);
}

/** autoscaling/v2; without metrics an autoscaler aims at 80 % of the requested cpu. */
export function defaultAutoscaler(draft: Draft): void {
  const spec = childOf(draft, "spec");
  setDefault(spec, "minReplicas", 1);
  setDefault(spec, "metrics", [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
  ]);
  const { behavior } = spec;
  if (!isObject(behavior)) return;
  for (const [name, rules] of Object.entries(SCALING_RULES)) {
    const own = childOf(behavior as Draft, name);
    for (const [member, value] of Object.entries(rules)) setDefault(own, member, value);
  }
}

const SCALING_RULES = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    selectPolicy: "Max",
    policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
  },
} as const;
