import type { AnyObject } from "../../../kube/object.ts";
import type { ApiResponse } from "../../../kube/transport.ts";
import { type Backend, nowText } from "../backend.ts";
import { DecodeReport } from "../decode-report.ts";
import { asList, asObject } from "../json-object.ts";
import { badRequest, conflict } from "../status.ts";
import { readObjectBody } from "./body.ts";
import { type Call, jsonResponse } from "./call.ts";
import { findObject } from "./verb-read.ts";

/** POST of `pods/NAME/binding`: a scheduler has chosen a node (registry/core/pod/storage BindingREST). */
export function bindPod(backend: Backend, call: Call): ApiResponse {
  const { value } = readObjectBody(call.request, "Binding", true, new DecodeReport());
  const nodeName = asObject(value["target"])["name"];
  if (typeof nodeName !== "string" || nodeName === "") throw badRequest("target.name: Required value");
  const pod = findObject(backend, call);
  checkUnbound(call, pod, asObject(value["metadata"])["uid"]);
  const stored = backend.store.replace(call.definition.storage, bound(backend, pod, nodeName));
  backend.afterWrite(call.definition, stored, false);
  return jsonResponse(call, 201, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    code: 201,
  });
}

function checkUnbound(call: Call, pod: AnyObject, uid: unknown): void {
  const { name } = pod.metadata;
  const failure = (text: string) => conflict({ ...call.definition, plural: "pods/binding" }, name, text);
  if (typeof uid === "string" && uid !== "" && uid !== pod.metadata.uid) {
    throw failure(
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw failure(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const { nodeName } = asObject(pod["spec"]);
  if (nodeName !== undefined) throw failure(`pod ${name} is already assigned to node "${nodeName}"`);
}

function bound(backend: Backend, pod: AnyObject, nodeName: string): AnyObject {
  const status = asObject(pod["status"]);
  const others = asList(status["conditions"]).filter((it) => asObject(it)["type"] !== "PodScheduled");
  const scheduled = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: nowText(backend),
  };
  return {
    ...pod,
    spec: { ...asObject(pod["spec"]), nodeName },
    status: { ...status, conditions: [...others, scheduled] },
  };
}
