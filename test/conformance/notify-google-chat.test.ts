import { GoogleChatChannel } from "../../src/notify/google-chat/google-chat.ts";
import { stringsIn } from "../support/notifier-world.ts";
import { notifierContract } from "./notifier.contract.ts";

notifierContract(GoogleChatChannel.name, {
  spec: { googleChat: { secretRef: { name: "receiver" } } },
  textOf: ({ body }) =>
    stringsIn(body).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"),
  maxBytes: 32_000,
  // The card's header is plain text, and shows both as letters.
  mustNotContain: [],
});
