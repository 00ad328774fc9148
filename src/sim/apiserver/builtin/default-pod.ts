import { asList, asObject, asText, childOf, type Draft, isObject, setDefault } from "../json-object.ts";

/** Defaults of a pod's spec, in a template or in a pod (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go). */
export function defaultPodSpec(spec: Draft): void {
  setDefault(spec, "restartPolicy", "Always");
  setDefault(spec, "terminationGracePeriodSeconds", 30);
  setDefault(spec, "dnsPolicy", "ClusterFirst");
  setDefault(spec, "securityContext", {});
  setDefault(spec, "schedulerName", "default-scheduler");
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  if (account !== undefined) {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
  for (const list of ["initContainers", "containers", "ephemeralContainers"]) {
    for (const container of drafts(spec[list])) defaultContainer(container, spec["hostNetwork"] === true);
  }
  for (const volume of drafts(spec["volumes"])) defaultVolume(volume);
}

function defaultContainer(container: Draft, hostNetwork: boolean): void {
  setDefault(container, "terminationMessagePath", "/dev/termination-log");
  setDefault(container, "terminationMessagePolicy", "File");
  setDefault(container, "imagePullPolicy", pullPolicy(asText(container["image"]) ?? ""));
  for (const port of drafts(container["ports"])) {
    setDefault(port, "protocol", "TCP");
    if (hostNetwork) setDefault(port, "hostPort", port["containerPort"]);
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) defaultProbe(container[name]);
  const lifecycle = asObject(container["lifecycle"]);
  for (const name of ["postStart", "preStop"]) defaultHttpGet(asObject(lifecycle[name])["httpGet"]);
  for (const variable of drafts(container["env"]))
    defaultFieldRef(asObject(variable["valueFrom"])["fieldRef"]);
  defaultRequests(childOf(container, "resources"));
}

/** Images without a tag, or tagged latest, are pulled each time. */
function pullPolicy(image: string): string {
  if (image.includes("@")) return "IfNotPresent";
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultProbe(probe: unknown): void {
  if (!isObject(probe)) return;
  const draft = probe as Draft;
  setDefault(draft, "timeoutSeconds", 1);
  setDefault(draft, "periodSeconds", 10);
  setDefault(draft, "successThreshold", 1);
  setDefault(draft, "failureThreshold", 3);
  defaultHttpGet(draft["httpGet"]);
  if (isObject(draft["grpc"])) setDefault(draft["grpc"] as Draft, "service", "");
}

function defaultHttpGet(action: unknown): void {
  if (!isObject(action)) return;
  setDefault(action as Draft, "path", "/");
  setDefault(action as Draft, "scheme", "HTTP");
}

function defaultFieldRef(reference: unknown): void {
  if (isObject(reference)) setDefault(reference as Draft, "apiVersion", "v1");
}

/** What has a limit but no request requests its limit. */
function defaultRequests(resources: Draft): void {
  const limits = asObject(resources["limits"]);
  if (Object.keys(limits).length === 0) return;
  resources["requests"] = { ...limits, ...asObject(resources["requests"]) };
}

const FILE_MODE = 0o644;

function defaultVolume(volume: Draft): void {
  for (const source of ["secret", "configMap", "downwardAPI", "projected"]) {
    if (isObject(volume[source])) setDefault(volume[source] as Draft, "defaultMode", FILE_MODE);
  }
  if (isObject(volume["hostPath"])) setDefault(volume["hostPath"] as Draft, "type", "");
  for (const item of drafts(asObject(volume["downwardAPI"])["items"])) defaultFieldRef(item["fieldRef"]);
  for (const source of drafts(asObject(volume["projected"])["sources"])) {
    const token = source["serviceAccountToken"];
    if (isObject(token)) setDefault(token as Draft, "expirationSeconds", 3_600);
    for (const item of drafts(asObject(source["downwardAPI"])["items"])) defaultFieldRef(item["fieldRef"]);
  }
  if (Object.keys(volume).length === 1) volume["emptyDir"] = {};
}

function drafts(list: unknown): readonly Draft[] {
  return asList(list).filter(isObject) as readonly Draft[];
}

/** Defaults of a pod of its own: beside those of its spec also what admission plugins add. */
export function defaultPod(draft: Draft): void {
  const spec = childOf(draft, "spec");
  defaultPodSpec(spec);
  setDefault(spec, "enableServiceLinks", true);
}

const TOLERATION_SECONDS = 300;
const TOLERATED = ["not-ready", "unreachable"];

/** A new pod: pending, with the priority, tolerations and quality of service that it gets from its spec. */
export function prepareNewPod(draft: Draft): void {
  const spec = childOf(draft, "spec");
  setDefault(spec, "priority", 0);
  setDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
  const tolerations = asList(spec["tolerations"]).map(asObject);
  const missing = TOLERATED.map((name) => `node.kubernetes.io/${name}`)
    .filter((key) => !tolerations.some((known) => known["key"] === key || known["key"] === undefined))
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: TOLERATION_SECONDS }));
  spec["tolerations"] = [...tolerations, ...missing];
  draft["status"] = { phase: "Pending", qosClass: qosClassOf(spec) };
}

/** Guaranteed: cpu and memory limited everywhere, and requested as much; BestEffort: nothing is asked for. */
function qosClassOf(spec: Draft): string {
  const resources = [...drafts(spec["containers"]), ...drafts(spec["initContainers"])].map((container) =>
    asObject(container["resources"]),
  );
  const isBestEffort = resources.every(
    (own) => !hasComputeResource(own["limits"]) && !hasComputeResource(own["requests"]),
  );
  if (isBestEffort) return "BestEffort";
  const isGuaranteed = resources.every((own) =>
    ["cpu", "memory"].every((name) => {
      const limit = asObject(own["limits"])[name];
      return limit !== undefined && limit === asObject(own["requests"])[name];
    }),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function hasComputeResource(quantities: unknown): boolean {
  const own = asObject(quantities);
  return own["cpu"] !== undefined || own["memory"] !== undefined;
}

/** podIPs begins with podIP, whichever of them a kubelet writes. */
export function preparePodUpdate(draft: Draft): void {
  const status = draft["status"];
  if (!isObject(status)) return;
  const { podIP, podIPs } = status;
  if (typeof podIP === "string" && podIPs === undefined) (status as Draft)["podIPs"] = [{ ip: podIP }];
  const [first] = asList(podIPs);
  if (podIP === undefined && first !== undefined) (status as Draft)["podIP"] = asObject(first)["ip"];
}
