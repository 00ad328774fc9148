import { AxiosError, isAxiosError } from "axios";
import { formatDuration } from "../../lib/duration.ts";
import { toError } from "../../lib/errors.ts";
import { withoutSecrets } from "../../lib/text.ts";

/** What comes of queries, for metrics: the words of the label `result`, each with its meaning. */
export const QUERY_RESULTS = {
  ok: "an answer came",
  timeout: "none came in time",
  unreachable: "no connection, or it was cut",
  refused: "HTTP 400 or 422: the query is wrong, or too large for Prometheus",
  status: "another HTTP status",
  malformed: "what came is not the JSON of Prometheus' query API",
  too_large: "the answer is larger than the limit",
  credentials: "the credentials could not be read",
  busy: "too many queries waited already",
  cancelled: "nobody wanted the answer any more",
} as const;

export type QueryResultKind = keyof typeof QUERY_RESULTS;

/** A query without a usable answer. The message is a sentence for people and holds no credentials. */
export class QueryFailure extends Error {
  override readonly name = "QueryFailure";
  readonly kind: Exclude<QueryResultKind, "ok">;

  constructor(message: string, kind: QueryFailure["kind"], options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Longer texts of a server are cut in messages. */
const MAX_DETAIL = 200;

export function timedOut(timeoutMs: number): QueryFailure {
  return new QueryFailure(`Prometheus did not answer within ${formatDuration(timeoutMs)}`, "timeout");
}

export function malformed(): QueryFailure {
  return new QueryFailure("Prometheus' answer is not the JSON of its query API", "malformed");
}

export function cancelled(): QueryFailure {
  return new QueryFailure("the query was cancelled", "cancelled");
}

/** What an axios error means; `secrets` were in the request, and are in no message. */
export function explainHttp(error: unknown, secrets: readonly string[] = []): QueryFailure {
  if (error instanceof QueryFailure) return error;
  // By its mark, not its class: prometheus-query has a copy of axios of its own.
  if (!isAxiosError(error)) {
    const { message } = toError(error);
    return new QueryFailure(`querying Prometheus failed: ${brief(message, secrets)}`, "unreachable");
  }
  if (error.response !== undefined)
    return explainStatus(error.response.status, reasonOf(error.response.data, secrets));
  if (/^maxContentLength/.test(error.message)) {
    return new QueryFailure("Prometheus' answer is larger than the limit", "too_large");
  }
  if (error.code === AxiosError.ERR_CANCELED) return cancelled();
  return new QueryFailure(
    `Prometheus cannot be reached: ${brief(error.message || (error.code ?? "no reason"), secrets)}`,
    "unreachable",
  );
}

function explainStatus(status: number, detail: string): QueryFailure {
  const suffix = detail === "" ? "" : `: ${detail}`;
  if (status >= 300 && status < 400) {
    return new QueryFailure(`Prometheus answered HTTP ${status}; redirects are not followed`, "status");
  }
  if (status === 400 || status === 422)
    return new QueryFailure(`Prometheus refused the query, HTTP ${status}${suffix}`, "refused");
  return new QueryFailure(`Prometheus answered HTTP ${status}${suffix}`, "status");
}

/** The `error` of Prometheus' JSON; nothing else of a body is shown, it may be a proxy's page. */
function reasonOf(body: unknown, secrets: readonly string[]): string {
  const { error } = (typeof body === "object" && body !== null ? body : {}) as { readonly error?: unknown };
  return typeof error === "string" ? brief(error, secrets) : "";
}

function brief(said: string, secrets: readonly string[]): string {
  const text = withoutSecrets(said, secrets);
  return text.length <= MAX_DETAIL ? text : `${text.slice(0, MAX_DETAIL)}...`;
}
