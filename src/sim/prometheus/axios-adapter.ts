import {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from "axios";
import { toError } from "../../lib/errors.ts";
import type { ApiAnswer } from "./api.ts";
import { ConnectionRefusedError, type EmbeddedPrometheus } from "./embedded-prometheus.ts";

/**
 * Lets axios speak to an embedded Prometheus without a socket: everything is done in microtasks and on the clock of
 * that Prometheus, so it works on virtual time. Rejects like axios' own adapters do.
 */
export function inProcessAdapter(prometheus: EmbeddedPrometheus): AxiosAdapter {
  return async (config) => {
    const url = new URL(`${config.baseURL ?? "http://prometheus/"}${config.url ?? ""}`);
    try {
      const answer = await prometheus.handle(url.pathname, parametersOf(config, url), signalOf(config));
      return settled(config, answer);
    } catch (error) {
      throw translated(error, config);
    }
  };
}

function parametersOf(config: InternalAxiosRequestConfig, url: URL): URLSearchParams {
  const merged = new URLSearchParams(url.search);
  const body: unknown = config.data;
  for (const source of [config.params, body]) {
    const given = typeof source === "string" || source instanceof URLSearchParams ? source : null;
    for (const [name, value] of new URLSearchParams(given ?? (source as Record<string, string>) ?? {})) {
      merged.append(name, value);
    }
  }
  return merged;
}

function signalOf(config: InternalAxiosRequestConfig): AbortSignal | undefined {
  return config.signal instanceof AbortSignal ? config.signal : undefined;
}

function settled(config: InternalAxiosRequestConfig, answer: ApiAnswer): AxiosResponse {
  const response: AxiosResponse = {
    status: answer.status,
    statusText: "",
    headers: new AxiosHeaders(),
    config,
    request: null,
    // As text, like from a socket: axios' own transformResponse reads it.
    data: typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body),
  };
  const accepts = config.validateStatus ?? ((status: number) => status >= 200 && status < 300);
  if (accepts(answer.status)) return response;
  throw new AxiosError(
    `Request failed with status code ${answer.status}`,
    answer.status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE,
    config,
    null,
    response,
  );
}

function translated(error: unknown, config: InternalAxiosRequestConfig): Error {
  if (error instanceof AxiosError) return error;
  if (error instanceof ConnectionRefusedError) return new AxiosError(error.message, error.code, config);
  if (signalOf(config)?.aborted) return new AxiosError("canceled", AxiosError.ERR_CANCELED, config);
  return toError(error);
}
