import type { IncomingMessage } from "node:http";
import type { JsonObject } from "../json-object.ts";
import { decodeProtobufBody, PROTOBUF_TYPE } from "./protobuf-body.ts";

/** kube-apiserver's limit of a request body, in bytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Deeper documents would overflow the stack of whoever walks them; no Kubernetes object comes near. */
const MAX_DEPTH = 1_000;

export type RequestBody =
  /** The text as it came: the server parses it, for it has to name fields that stand there twice. */
  | { readonly kind: "text"; readonly text: string }
  /** An object that came as protobuf. */
  | { readonly kind: "object"; readonly object: JsonObject }
  | { readonly kind: "none" }
  | { readonly kind: "too-large" }
  | { readonly kind: "too-deep" };

/** Reads the body of a request; rejects when the client goes away before its end. */
export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > MAX_BODY_BYTES) return { kind: "too-large" };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return { kind: "too-large" };
    chunks.push(chunk);
  }
  if (size === 0) return { kind: "none" };
  const bytes = Buffer.concat(chunks, size);
  const isProtobuf = request.headers["content-type"]?.startsWith(PROTOBUF_TYPE) === true;
  const object = isProtobuf ? decodeProtobufBody(bytes) : undefined;
  if (object !== undefined) return { kind: "object", object };
  const text = bytes.toString("utf8");
  return isDeeperThan(text, MAX_DEPTH) ? { kind: "too-deep" } : { kind: "text", text };
}

/** Whether brackets outside of strings nest deeper than `limit`, in one pass and constant space. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    const token = match[0];
    if (token === "{" || token === "[") {
      depth += 1;
      if (depth > limit) return true;
    } else if (token === "}" || token === "]") depth -= 1;
  }
  return false;
}
