import { TeamsChannel } from "../../src/notify/teams/teams.ts";
import { stringsIn } from "../support/notifier-world.ts";
import { notifierContract } from "./notifier.contract.ts";

notifierContract(TeamsChannel.name, {
  spec: { teams: { secretRef: { name: "receiver" } } },
  textOf: ({ body }) => stringsIn(body).replaceAll(/\\([^\w\s])/g, "$1"),
  yes: () => ({ status: 202 }),
  maxBytes: 28_000,
  // In a TextRun they are just letters; where a template makes a TextBlock of it they are escaped.
  mustNotContain: [],
});
