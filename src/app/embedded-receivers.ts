import { type AxiosAdapter, AxiosHeaders, type InternalAxiosRequestConfig } from "axios";
import type { EmbeddedSlack, SlackAnswer } from "../sim/slack/embedded-slack.ts";

/**
 * Carries notifications to an embedded Slack without a socket; whatever goes elsewhere is taken and forgotten. A
 * rehearsal tells nobody outside.
 */
export function receiversInProcess(slack: EmbeddedSlack, slackApi: string): AxiosAdapter {
  return async (config) => {
    const { status, body } = answerOf(slack, slackApi, config);
    return { status, statusText: "", data: body, config, headers: new AxiosHeaders() };
  };
}

function answerOf(slack: EmbeddedSlack, slackApi: string, config: InternalAxiosRequestConfig): SlackAnswer {
  const { url = "", data, headers } = config;
  if (!url.startsWith(`${slackApi}/`)) return { status: 200, body: "ok" };
  const authorization = headers.get("authorization");
  return slack.call(
    url.slice(slackApi.length + 1),
    typeof authorization === "string" ? authorization : undefined,
    String(data),
  );
}
