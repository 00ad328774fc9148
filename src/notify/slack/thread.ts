import type { Delivery, Letter } from "../channel.ts";
import { slackMessage } from "./message.ts";
import type { SlackResult, SlackWebApi } from "./web-api.ts";

/** A message of ours that heads a thread. */
interface Head {
  readonly channel: string;
  readonly ts: string;
}

/** The head cannot be changed any more, or is gone: another one is begun. */
const LOST_HEAD = ["message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"];

/**
 * One run is one thread: its head is kept as the latest transition has it, and every transition after the first is a
 * reply. What needs a person is shown in the channel as well. Out of a run a message stands alone.
 */
export async function tellInThread(api: SlackWebApi, letter: Letter): Promise<Delivery> {
  const head = letter.transition.run === null ? null : readHead(letter.thread);
  if (head === null) return begin(api, letter);
  // The head first: doing that twice does no harm, and a reply that is sent ends the attempt.
  const updated = await api.call("chat.update", token(letter), { ...head, ...slackMessage(letter) });
  if (updated.kind === "not") return LOST_HEAD.includes(updated.word) ? begin(api, letter) : updated.attempt;
  const reply = {
    ...slackMessage(letter, true),
    channel: head.channel,
    thread_ts: head.ts,
    reply_broadcast: letter.transition.severity !== "info",
    unfurl_links: false,
  };
  return deliveryOf(await api.call("chat.postMessage", token(letter), reply));
}

async function begin(api: SlackWebApi, letter: Letter): Promise<Delivery> {
  const channel = letter.receiver.spec.slack?.channel;
  const message = { channel, ...slackMessage(letter), unfurl_links: false };
  const result = await api.call("chat.postMessage", token(letter), message);
  const delivery = deliveryOf(result);
  return result.kind === "ok" ? { ...delivery, thread: `${result.channel}/${result.ts}` } : delivery;
}

function deliveryOf(result: SlackResult): Delivery {
  return result.kind === "ok" ? { result: "sent" } : result.attempt;
}

function token(letter: Letter): string {
  return letter.secrets["token"] ?? "";
}

/** From the status, where anybody who may write it may have put anything. */
function readHead(thread: string | null): Head | null {
  const [, channel, ts] = /^([A-Z0-9]{1,40})\/(\d{1,20}\.\d{1,10})$/.exec(thread ?? "") ?? [];
  return channel === undefined || ts === undefined ? null : { channel, ts };
}
