import type { ApiRequest, ApiResponse } from "../../../kube/transport.ts";
import { parseAccept } from "../media-type.ts";
import type { Status, StatusDetails } from "../status.ts";
import { PROTOBUF_TYPE } from "./protobuf-body.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/** A client that accepts protobuf and nothing else is told so in protobuf; all others get their failures as JSON. */
export function failureAnswer(
  request: Pick<ApiRequest, "headers">,
  status: Status,
  warnings: readonly string[],
): ApiResponse {
  const code = status.code ?? 500;
  if (parseAccept(request.headers["accept"]).every((range) => range.type === PROTOBUF_TYPE))
    return {
      status: code,
      contentType: PROTOBUF_TYPE,
      warnings,
      body: { kind: "bytes", bytes: encode(status) },
    };
  return { status: code, contentType: "application/json", warnings, body: { kind: "json", value: status } };
}

/**
 * The envelope (runtime.Unknown) around a metav1.Status. Go writes fields that are not pointers also when they are
 * empty (k8s.io/apimachinery, generated.proto).
 */
function encode(status: Status): Uint8Array {
  const raw = (writer: ProtobufWriter) => {
    writer.message(1, (meta) => {
      text(text(text(meta, 1, ""), 2, status.metadata.resourceVersion), 3, status.metadata.continue);
    });
    text(text(text(writer, 2, status.status), 3, status.message), 4, status.reason);
    if (status.details !== undefined)
      writer.message(5, (details) => writeDetails(details, status.details ?? {}));
    writer.integer(6, status.code ?? 0);
  };
  const envelope = new ProtobufWriter()
    .message(1, (type) => type.text(1, status.apiVersion).text(2, status.kind))
    .message(2, raw);
  return Buffer.concat([Buffer.from("k8s\0"), text(text(envelope, 3, ""), 4, "").finish()]);
}

function writeDetails(writer: ProtobufWriter, details: StatusDetails): void {
  text(text(text(writer, 1, details.name), 2, details.group), 3, details.kind);
  for (const cause of details.causes ?? [])
    writer.message(4, (inner) => text(text(text(inner, 1, cause.reason), 2, cause.message), 3, cause.field));
  text(writer.integer(5, details.retryAfterSeconds ?? 0), 6, details.uid);
}

function text(writer: ProtobufWriter, field: number, value: string | undefined): ProtobufWriter {
  return writer.bytes(field, Buffer.from(value ?? ""));
}
