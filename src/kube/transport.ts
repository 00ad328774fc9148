/** One request to an API server, below the Client and above the wire. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** Path without the query, for example `/apis/apps/v1/namespaces/shop/deployments/checkout`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value, or a string that is sent as it is (to test malformed bodies); undefined for none. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  /** Texts of the Warning headers. */
  readonly warnings: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: ApiBody;
}

export type ApiBody =
  /** A JSON value; it is shared, not copied: nobody mutates it. */
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A watch: one JSON value an event. Ending the iteration (return) closes it on the server. */
  | { readonly kind: "stream"; readonly events: AsyncIterable<unknown> };

/**
 * Carries requests to an API server. Members: `kube/http-transport.ts` (sockets, TLS) and the embedded
 * server itself, called in-process. Rejects with UnreachableError when no answer came.
 */
export interface Transport {
  send(request: ApiRequest): Promise<ApiResponse>;
}
