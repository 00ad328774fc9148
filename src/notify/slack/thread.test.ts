import { beforeEach, describe, expect, it } from "vitest";
import { type Arrival, aTransition, NotifierWorld, RUN, told } from "../../../test/support/notifier-world.ts";
import type { RunFacts, Transition } from "../../api/notification.ts";

const BOT = { slack: { tokenRef: { name: "receiver" }, channel: "#releases" } };
const RECEIVER = "slack shop/receiver/token #releases";

interface Call {
  readonly method: string;
  readonly body: Record<string, unknown>;
}

function callOf({ url, body }: Arrival): Call {
  return { method: url.slice("https://slack.test/api/".length), body: JSON.parse(body) };
}

/** Slack: gives every message a time stamp of its own. */
function slack(words: (call: Call) => string | null = () => null) {
  let count = 0;
  return (arrival: Arrival) => {
    const call = callOf(arrival);
    const word = words(call);
    count += 1;
    const ts = String(call.body["ts"] ?? `1767600000.00000${count}`);
    const answer = word === null ? { ok: true, channel: "C042", ts } : { ok: false, error: word };
    return { status: 200, body: JSON.stringify(answer) };
  };
}

describe("Slack's bot", () => {
  let world: NotifierWorld;

  beforeEach(() => {
    world = new NotifierWorld({ farEnd: slack() });
  });

  function notify(id: string, more: Partial<Transition> = {}, run: RunFacts | null = RUN): void {
    world.notifier.notify(
      told(BOT),
      aTransition(id, { run, severity: "info", reason: "WeightChanged", ...more }),
    );
  }

  const calls = () => world.arrivals.map(callOf);

  it("sends the token as a header, and the message to the channel", async () => {
    notify("a");
    await world.settle();
    expect(world.arrivals[0]?.headers).toMatchObject({ authorization: "Bearer xoxb-verysecret" });
    expect(calls()).toMatchObject([
      { method: "chat.postMessage", body: { channel: "#releases", text: "title of a", unfurl_links: false } },
    ]);
  });

  it("makes one thread of a run: its head as the latest has it, and a reply each", async () => {
    notify("a");
    notify("b");
    notify("c", { severity: "error", reason: "RolledBack" });
    await world.settle();
    const head = { channel: "C042", ts: "1767600000.000001" };
    expect(calls().slice(1)).toMatchObject([
      { method: "chat.update", body: { ...head, text: "title of b" } },
      {
        method: "chat.postMessage",
        body: { thread_ts: head.ts, text: "title of b", reply_broadcast: false },
      },
      { method: "chat.update", body: { ...head, text: "title of c", attachments: [{ color: "#e01e5a" }] } },
      { method: "chat.postMessage", body: { thread_ts: head.ts, text: "title of c", reply_broadcast: true } },
    ]);
  });

  it("gives each run a thread of its own, and none to what belongs to no run", async () => {
    notify("a");
    notify("b", {}, { ...RUN, id: 8 });
    notify("rest", {}, null);
    await world.settle();
    expect(calls().map(({ method, body }) => [method, body["thread_ts"]])).toEqual(
      Array(3).fill(["chat.postMessage", undefined]),
    );
  });

  it("says which thread it has begun, so that the status can keep it", async () => {
    notify("a");
    await world.settle();
    expect(world.begun).toMatchObject([{ namespace: "shop", name: "checkout" }]);
    expect(world.notifier.threads(told(BOT), RUN.id)).toEqual({ [RECEIVER]: "C042/1767600000.000001" });
    notify("b");
    await world.settle();
    expect(world.begun).toHaveLength(1);
  });

  it("goes on with the thread that the status has, after a restart", async () => {
    notify("b", {}, { ...RUN, threads: { [RECEIVER]: "C042/1700000000.000100" } });
    await world.settle();
    expect(calls()).toMatchObject([
      { method: "chat.update", body: { channel: "C042", ts: "1700000000.000100" } },
      { method: "chat.postMessage", body: { channel: "C042", thread_ts: "1700000000.000100" } },
    ]);
  });

  it.each(["nonsense", "C042/1.2/../x", "", "c042/1.2"])(
    "begins anew when the status has %j",
    async (thread) => {
      notify("b", {}, { ...RUN, threads: { [RECEIVER]: thread } });
      await world.settle();
      expect(calls().map(({ method }) => method)).toEqual(["chat.postMessage"]);
    },
  );

  it("begins another thread when somebody has deleted the head", async () => {
    world.farEnd = slack(({ method }) => (method === "chat.update" ? "message_not_found" : null));
    notify("a");
    notify("b");
    await world.settle();
    expect(calls().map(({ method, body }) => [method, body["thread_ts"]])).toEqual([
      ["chat.postMessage", undefined],
      ["chat.update", undefined],
      ["chat.postMessage", undefined],
    ]);
    expect(world.count("sent")).toBe(2);
  });

  it("makes one reply of a transition whose head could be updated only the second time", async () => {
    const words = ["ratelimited"];
    notify("a");
    await world.settle();
    world.farEnd = slack(({ method }) => (method === "chat.update" ? (words.shift() ?? null) : null));
    notify("b");
    await world.settle();
    expect(calls().map(({ method }) => method)).toEqual([
      "chat.postMessage",
      "chat.update",
      "chat.update",
      "chat.postMessage",
    ]);
    expect(world.problems).toEqual([]);
  });

  it.each([
    ["channel_not_found", "channel_not_found (is its name right, and is the bot in it (/invite)?)"],
    ["token_revoked", "token_revoked (the token was revoked)"],
    ["missing_scope", "missing_scope (the token lacks the scope chat:write)"],
    ["some_new_word", "some_new_word"],
  ])("says what to do about %s", async (word, reason) => {
    world.farEnd = slack(() => word);
    notify("a");
    await world.settle();
    expect(world.problems).toEqual([
      `Slack is not told (Secret shop/receiver, key token, channel #releases): ${reason}.`,
    ]);
  });

  it("does not take an answer for Slack's that is none", async () => {
    world.farEnd = () => ({ status: 200, body: "<html>ok</html>" });
    notify("a");
    await world.settle();
    expect(world.problems[0]).toContain("the answer is not Slack's");
  });

  it("sends no token that would break out of its header", async () => {
    world.secrets["shop/receiver/token"] = "xoxb-1\r\nX-Evil: 1";
    notify("a");
    await world.settle();
    expect(world.arrivals).toEqual([]);
    expect(world.problems[0]).toContain("the Secret does not hold a token");
  });
});
