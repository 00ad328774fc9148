import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { ApiBody, ApiResponse } from "../../../kube/transport.ts";
import type { Clock } from "../../../lib/clock.ts";

/** Smaller answers are sent as they are, as kube-apiserver does it. */
const GZIP_FROM_BYTES = 128 * 1024;
/** A watcher that reads nothing for so long is disconnected; it lists again. */
const STALLED_AFTER_MS = 60_000;

const compress = promisify(gzip);

/** Writes an answer that is not a stream; large ones are compressed where the client accepts it. */
export async function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: ApiResponse,
): Promise<void> {
  const plain = bytesOf(answer.body);
  const zip = plain.length >= GZIP_FROM_BYTES && acceptsGzip(request) && request.method !== "HEAD";
  const bytes = zip ? await compress(plain, { level: constants.Z_BEST_SPEED }) : plain;
  writeHead(response, answer, {
    "content-length": String(bytes.length),
    ...(zip ? { "content-encoding": "gzip", vary: "accept-encoding" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** Sends each event as a line of its own, as soon as it is there, until the stream or the client ends. */
export async function streamEvents(
  response: ServerResponse,
  stream: {
    readonly answer: ApiResponse;
    readonly events: AsyncIterable<unknown>;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  },
): Promise<void> {
  writeHead(response, stream.answer, {});
  response.flushHeaders();
  const events = stream.events[Symbol.asyncIterator]();
  const ended = new Promise<"ended">((resolve) => {
    if (stream.signal.aborted) resolve("ended");
    stream.signal.addEventListener("abort", () => resolve("ended"), { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([events.next(), ended]);
      if (next === "ended" || next.done === true) break;
      if (response.write(`${JSON.stringify(next.value)}\n`)) continue;
      if (!(await drained(response, stream.clock))) break;
    }
  } finally {
    response.end();
    await events.return?.();
  }
}

/** Whether the client took what was written; false when it went away or reads nothing for too long. */
function drained(response: ServerResponse, clock: Clock): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (value: boolean) => {
      timer.cancel();
      response.off("drain", onDrain);
      response.off("close", onClose);
      resolve(value);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const timer = clock.setTimer(STALLED_AFTER_MS, () => {
      response.destroy();
      settle(false);
    });
    response.once("drain", onDrain);
    response.once("close", onClose);
  });
}

function writeHead(
  response: ServerResponse,
  answer: ApiResponse,
  extra: Readonly<Record<string, string>>,
): void {
  const headers: Record<string, string | string[]> = { ...answer.headers, ...extra };
  if (answer.contentType !== "") headers["content-type"] = answer.contentType;
  if (answer.warnings.length > 0) headers["warning"] = answer.warnings.map(warningHeader);
  headers["cache-control"] = "no-cache, private";
  response.writeHead(answer.status, headers);
}

/** `299 - "text"` (RFC 7234, section 5.5); characters that a header cannot carry are dropped. */
function warningHeader(text: string): string {
  const printable = text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
  return `299 - "${printable.replace(/["\\]/g, "\\$&")}"`;
}

function bytesOf(body: ApiBody): Uint8Array {
  if (body.kind === "bytes") return body.bytes;
  if (body.kind === "text") return Buffer.from(body.text);
  return Buffer.from(body.kind === "json" ? JSON.stringify(body.value) : "");
}

function acceptsGzip(request: IncomingMessage): boolean {
  const accepted = String(request.headers["accept-encoding"] ?? "").split(",");
  return accepted.some(
    (coding) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$))?/.test(coding) && !/q=0(\.0*)?\s*$/.test(coding),
  );
}
