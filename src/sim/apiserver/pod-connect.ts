import type { ApiResponse } from "../../kube/transport.ts";
import type { Backend } from "./backend.ts";
import { StatusFailure } from "./status.ts";
import type { Call } from "./verbs/call.ts";
import { findObject } from "./verbs/verb-read.ts";

/** Logs, exec and whatever else a node would have to answer: the embedded cluster's pods run no processes. */
export function connectToPod(backend: Backend, call: Call): ApiResponse {
  findObject(backend, call);
  throw new StatusFailure({
    message: `the pods of the embedded cluster run no processes: there is no "${call.subresource}" of "${call.name}"`,
    reason: "MethodNotAllowed",
    details: { name: call.name ?? "", kind: call.definition.plural },
    code: 405,
  });
}
