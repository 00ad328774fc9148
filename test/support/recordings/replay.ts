import type { ApiRequest, ApiResponse, Transport } from "../../../src/kube/transport.ts";
import { isDeepEqual } from "../../../src/lib/json.ts";
import type { VirtualClock } from "../../../src/lib/virtual-clock.ts";
import type { Poll, RecordedRequest, Recording, Step } from "./recording.ts";
import { type References, resolveText, resolveValue } from "./references.ts";
import { valueAtPath } from "./value-path.ts";

/** An answer in the form of the recorded ones. */
export interface ActualResponse {
  readonly status: number;
  readonly contentType: string;
  readonly warning: readonly string[];
  readonly body: unknown;
}

export interface ReplayedStep {
  readonly request: RecordedRequest;
  response: ActualResponse;
}

export interface ReplayOptions {
  readonly transport: Transport;
  readonly clock: VirtualClock;
  readonly namespace: string;
  readonly adminToken: string;
}

/** Sends a recording's requests to a server on virtual time and gathers its answers. */
export async function replay(recording: Recording, options: ReplayOptions): Promise<readonly ReplayedStep[]> {
  const answers: ReplayedStep[] = [];
  const open: Promise<void>[] = [];
  const references: References = { namespace: options.namespace, answers };
  for (const step of recording.steps) {
    const request = resolveRequest(step.request, references);
    const send = () => options.transport.send(toApiRequest(request, options));
    const answer = await settled(send(), options.clock);
    const replayed: ReplayedStep = { request, response: withoutStream(answer) };
    answers.push(replayed);
    if (answer.body.kind === "stream") {
      const watch = collect(answer.body.events, step, replayed);
      if (step.concurrent === true) {
        open.push(watch.done);
        await watch.waitFor(step.waitEvents, options.clock);
      } else await finish([watch.done], options.clock);
    } else if (step.poll !== undefined) {
      replayed.response = await poll(step.poll, replayed.response, send, options.clock);
    }
  }
  await finish(open, options.clock);
  return answers;
}

function resolveRequest(request: RecordedRequest, references: References): RecordedRequest {
  return {
    ...request,
    path: resolveText(request.path, references, true),
    ...(request.body === undefined ? {} : { body: resolveValue(request.body, references) }),
    ...(request.auth === undefined ? {} : { auth: resolveText(request.auth, references, false) }),
  };
}

function toApiRequest(request: RecordedRequest, { adminToken }: ReplayOptions): ApiRequest {
  const [path = "", query = ""] = request.path.split("?");
  const token = request.auth ?? adminToken;
  return {
    method: request.method as ApiRequest["method"],
    path,
    query: new URLSearchParams(query),
    headers: {
      "user-agent": "recorder/1.0",
      ...request.headers,
      ...(token === "none" ? {} : { authorization: `Bearer ${token}` }),
    },
    body: request.body,
  };
}

/** Waits for a promise that may need time to pass. */
async function settled<T>(promise: Promise<T>, clock: VirtualClock): Promise<T> {
  let isDone = false;
  const mark = () => {
    isDone = true;
  };
  promise.then(mark, mark);
  await clock.advanceUntil(() => isDone, MAX_WAIT_MS);
  return promise;
}

const MAX_WAIT_MS = 600_000;

async function finish(watches: readonly Promise<void>[], clock: VirtualClock): Promise<void> {
  await settled(Promise.all(watches), clock);
}

function withoutStream(answer: ApiResponse): ActualResponse {
  return {
    status: answer.status,
    contentType: answer.contentType,
    warning: answer.warnings.map((warning) => `299 - ${JSON.stringify(warning)}`),
    body: bodyOf(answer),
  };
}

function bodyOf({ body }: ApiResponse): unknown {
  if (body.kind === "json") return body.value;
  // The recorder read JSON whatever the server called it.
  if (body.kind === "text") return body.text.startsWith("{") ? JSON.parse(body.text) : body.text;
  return body.kind === "bytes" ? Buffer.from(body.bytes).toString("utf8") : undefined;
}

interface Collecting {
  readonly done: Promise<void>;
  /** Resolves once so many events have come, or after 200 ms. */
  waitFor(events: number | undefined, clock: VirtualClock): Promise<void>;
}

const AFTER_HEADERS_MS = 200;

function collect(events: AsyncIterable<unknown>, step: Step, replayed: ReplayedStep): Collecting {
  const collected: unknown[] = [];
  replayed.response = { ...replayed.response, body: { events: collected } };
  const limit = step.stopAfter?.events ?? Number.POSITIVE_INFINITY;
  const counts = () => collected.filter((event) => !isPlainBookmark(event)).length;
  const run = async () => {
    for await (const event of events) {
      collected.push(event);
      if (counts() >= limit) break;
    }
  };
  return {
    done: run(),
    waitFor: async (wanted, clock) => {
      if (wanted === undefined) await clock.advance(AFTER_HEADERS_MS);
      else await clock.advanceUntil(() => counts() >= wanted, MAX_WAIT_MS);
    },
  };
}

export function isPlainBookmark(event: unknown): boolean {
  const { type, object } = event as { readonly type: string; readonly object: unknown };
  return (
    type === "BOOKMARK" &&
    valueAtPath(object, 'metadata.annotations["k8s.io/initial-events-end"]') === undefined
  );
}

const POLL_MS = 400;

/** Repeats a GET until its conditions hold, and two answers in a row are alike. */
async function poll(
  { until, stableMs = POLL_MS, timeoutSeconds = 30 }: Poll,
  first: ActualResponse,
  send: () => Promise<ApiResponse>,
  clock: VirtualClock,
): Promise<ActualResponse> {
  const end = clock.now() + timeoutSeconds * 1_000;
  let answer = first;
  let before: ActualResponse | undefined;
  for (;;) {
    const holds = Object.entries(until).every(([path, wanted]) => meets(answer, path, wanted));
    const isStable = stableMs === 0 || (before !== undefined && isDeepEqual(before.body, answer.body));
    if ((holds && isStable) || clock.now() >= end) return answer;
    before = holds ? answer : undefined;
    await clock.advance(stableMs === 0 ? POLL_MS : stableMs);
    answer = withoutStream(await settled(send(), clock));
  }
}

function meets(answer: ActualResponse, path: string, wanted: unknown): boolean {
  const found = valueAtPath(answer, path);
  if (typeof wanted === "object" && wanted !== null && "exists" in wanted) {
    return (found !== undefined) === wanted.exists;
  }
  return isDeepEqual(found, wanted);
}
