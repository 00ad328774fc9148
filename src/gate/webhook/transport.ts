/** One POST to a webhook. */
export interface WebhookRequest {
  readonly url: string;
  /** As they are sent; names in any case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For https:// URLs; absent: the usual certificates. */
  readonly tls?: { readonly ca?: string | undefined; readonly insecureSkipVerify: boolean } | undefined;
}

export interface WebhookResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Its beginning, where it is long. */
  readonly body: string;
}

/** Carries requests: over sockets, or within the process in virtual time. */
export interface WebhookTransport {
  /** Rejects with an Error whose `code` says what went wrong (ECONNREFUSED, ...), and when the signal aborts. */
  post(request: WebhookRequest, signal: AbortSignal): Promise<WebhookResponse>;
}
