import type { AxiosAdapter, AxiosResponse } from "axios";
import { AxiosError, AxiosHeaders } from "axios";
import type { WebhookRequest, WebhookResponse, WebhookTransport } from "../../../gate/webhook/transport.ts";

/** Whom Rollouts ask and tell: they agree to everything and keep nothing, or are silent for a while. */
export class SilentOthers implements WebhookTransport {
  areSilent = false;

  async post(_: WebhookRequest, signal: AbortSignal): Promise<WebhookResponse> {
    if (this.areSilent) await untilAborted(signal);
    return { status: 200, headers: {}, body: "" };
  }

  readonly receiver: AxiosAdapter = async (config) => {
    if (this.areSilent) {
      await untilAborted(config.signal as AbortSignal | undefined).catch(() => {
        throw new AxiosError("canceled", AxiosError.ERR_CANCELED, config);
      });
    }
    const answer: AxiosResponse = {
      status: 200,
      statusText: "",
      headers: new AxiosHeaders(),
      config,
      data: "ok",
    };
    return answer;
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
