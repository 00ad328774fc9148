import { DiscordChannel } from "../../src/notify/discord/discord.ts";
import { stringsIn } from "../support/notifier-world.ts";
import { notifierContract } from "./notifier.contract.ts";

notifierContract(DiscordChannel.name, {
  spec: { discord: { secretRef: { name: "receiver" } } },
  textOf: ({ body }) => stringsIn(body).replaceAll(/\\([^\w\s])/g, "$1"),
  maxBytes: 25_000,
  mustNotContain: ["@everyone", "<@&123>", "[here](https://evil.test)"],
});
