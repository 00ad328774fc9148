import type { Clock } from "../../lib/clock.ts";

/** A message in a channel, as it was sent or last changed. */
export interface SlackPost {
  readonly ts: string;
  readonly channel: string;
  /** Time stamp of the head of its thread; null: it stands in the channel. */
  readonly threadTs: string | null;
  /** A reply that is shown in the channel as well. */
  readonly isBroadcast: boolean;
  readonly text: string;
  readonly attachments: readonly SlackAttachment[];
  readonly atMs: number;
  /** How often it was changed. */
  readonly edits: number;
}

export interface SlackAttachment {
  readonly color?: string;
  readonly blocks?: readonly SlackPostBlock[];
}

export interface SlackPostBlock {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly elements?: readonly { readonly text: string }[];
}

export interface SlackAnswer {
  readonly status: number;
  readonly body: string;
}

/** Older messages are forgotten. */
const MAX_POSTS = 2_000;

/**
 * As much of Slack as a notifier meets: chat.postMessage and chat.update of the Web API. Channels exist as soon as
 * somebody writes to them; every token that looks like a bot's is taken.
 */
export class EmbeddedSlack {
  readonly #clock: Clock;
  #posts: SlackPost[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  get posts(): readonly SlackPost[] {
    return this.#posts;
  }

  /** What the method answers, as Slack does: 200 with `ok` and perhaps a word. */
  call(method: string, authorization: string | undefined, body: string): SlackAnswer {
    if (!/^Bearer xoxb-./.test(authorization ?? "")) return no("invalid_auth");
    const given = parsed(body);
    if (given === null) return no("invalid_json");
    if (method === "chat.postMessage") return this.#post(given);
    if (method === "chat.update") return this.#update(given);
    return no("unknown_method");
  }

  #post(given: Given): SlackAnswer {
    if (given.channel === undefined) return no("channel_not_found");
    this.#count += 1;
    const atMs = this.#clock.now();
    const ts = `${Math.floor(atMs / 1_000)}.${String(this.#count).padStart(6, "0")}`;
    const channel = given.channel.replace(/^#/, "");
    const post: SlackPost = {
      ts,
      channel,
      threadTs: given.thread_ts ?? null,
      isBroadcast: given.reply_broadcast ?? false,
      text: given.text ?? "",
      attachments: given.attachments ?? [],
      atMs,
      edits: 0,
    };
    this.#posts = [...this.#posts, post].slice(-MAX_POSTS);
    return yes(idOf(channel), ts);
  }

  #update(given: Given): SlackAnswer {
    const old = this.#posts.find(({ ts, channel }) => ts === given.ts && idOf(channel) === given.channel);
    if (old === undefined) return no("message_not_found");
    const { text = old.text, attachments = old.attachments } = given;
    const changed = { ...old, text, attachments, edits: old.edits + 1 };
    this.#posts = this.#posts.map((post) => (post === old ? changed : post));
    return yes(idOf(old.channel), old.ts);
  }
}

interface Given {
  readonly channel?: string;
  readonly ts?: string;
  readonly thread_ts?: string;
  readonly reply_broadcast?: boolean;
  readonly text?: string;
  readonly attachments?: readonly SlackAttachment[];
}

function parsed(body: string): Given | null {
  try {
    return JSON.parse(body) as Given;
  } catch {
    return null;
  }
}

/** Channels have IDs, which are not their names. */
function idOf(channel: string): string {
  return `C${Buffer.from(channel).toString("hex").toUpperCase()}`;
}

function yes(channel: string, ts: string): SlackAnswer {
  return { status: 200, body: JSON.stringify({ ok: true, channel, ts }) };
}

function no(error: string): SlackAnswer {
  return { status: 200, body: JSON.stringify({ ok: false, error }) };
}
