import { readFile } from "node:fs/promises";
import { receiversInProcess } from "../../src/app/embedded-receivers.ts";
import { rehearse } from "../../src/app/rehearsal.ts";
import { loadConfig } from "../../src/config/config.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import { EmbeddedSlack, type SlackPost } from "../../src/sim/slack/embedded-slack.ts";
import { slackPicture } from "../../src/sim/slack/picture.ts";

const FLAGS = {
  clusterName: "eu-1",
  dashboardUrl: "https://grafana.example.com/d/sluice?var-rollout={{ name }}",
};

/** What #releases has after the playground's story: the payloads that the controller sent, as Slack shows them. */
export async function slackStory(): Promise<string> {
  const loaded = await loadScenario("examples/playground/scenario.yaml", (path) => readFile(path, "utf8"));
  const { slackApi } = loadConfig({ flags: FLAGS, environment: {} });
  let posts: () => readonly SlackPost[] = () => [];
  const result = await rehearse({
    loaded,
    flags: FLAGS,
    receivers: (clock) => {
      const slack = new EmbeddedSlack(clock);
      posts = () => slack.posts;
      return receiversInProcess(slack, slackApi);
    },
  });
  if (result.expectations !== "met")
    throw new Error(`the story went wrong: ${result.expectations.join("; ")}`);
  // The adoption is told before the first run; it is not what the picture is about.
  return slackPicture(posts().slice(1), "#releases");
}
