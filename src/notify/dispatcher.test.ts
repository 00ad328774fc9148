import { beforeEach, describe, expect, it } from "vitest";
import {
  aTransition,
  NotifierWorld,
  ROLLED_BACK,
  SECRET_URL,
  told,
} from "../../test/support/notifier-world.ts";
import { aRollout } from "../../test/support/rollout-objects.ts";
import { defaultNotificationSchema } from "../api/spec-notifications.ts";
import { ApiError, UnreachableError } from "../kube/api-error.ts";

const SLACK = { slack: { secretRef: { name: "receiver" } } };
const PLACE = "Secret shop/receiver, key url";

function titles(world: NotifierWorld): string[] {
  return world.arrivals.map(({ body }) => (JSON.parse(body) as { text: string }).text);
}

describe("Dispatcher", () => {
  let world: NotifierWorld;

  beforeEach(() => {
    world = new NotifierWorld();
  });

  function notify(id: string, more: Parameters<typeof aTransition>[1] = {}): void {
    world.notifier.notify(told(SLACK), aTransition(id, { atMs: world.clock.now(), ...more }));
  }

  it("tells each receiver of the Rollout, and one that is named twice once, as the first entry says", async () => {
    world.secrets["shop/receiver/other"] = `${SECRET_URL}2`;
    const other = { slack: { secretRef: { name: "receiver", key: "other" } } };
    world.notifier.notify(told({ ...SLACK, title: "first" }, SLACK, other), aTransition("a"));
    await world.settle();
    expect(world.arrivals.map(({ url }) => url)).toEqual([SECRET_URL, `${SECRET_URL}2`]);
    expect(titles(world)).toEqual(["first", "title of a"]);
  });

  it("tells a transition once, and that of another Rollout of the same name again", async () => {
    notify("a");
    notify("a");
    const recreated = aRollout({ notifications: [SLACK] }, { metadata: { uid: "uid-2" } });
    world.notifier.notify(recreated, aTransition("a"));
    await world.settle();
    expect(world.arrivals).toHaveLength(2);
    expect(world.outcomes).toEqual(["slack repeated", "slack sent", "slack sent"]);
  });

  it("tells the controller's own receivers of every Rollout, from Secrets beside the controller", async () => {
    const defaults = [
      { teams: { secretRef: { name: "teams" } }, minSeverity: "error" },
      { discord: { secretRef: { name: "discord" } }, onlyIfNone: true },
    ].map((entry) => defaultNotificationSchema.parse(entry));
    world = new NotifierWorld({ defaults });
    world.secrets["sluice-system/teams/url"] = "https://teams.test/x";
    world.secrets["sluice-system/discord/url"] = "https://discord.test/x";
    world.notifier.notify(told(SLACK), aTransition("a"));
    world.notifier.notify(
      aRollout({}, { metadata: { uid: "silent" } }),
      aTransition("b", { severity: "info" }),
    );
    await world.settle();
    expect(world.outcomes.toSorted()).toEqual(["discord sent", "slack sent", "teams sent"]);
  });

  it("keeps the order through a rate limit, and one second between messages", async () => {
    const answers = [{ status: 429, headers: { "retry-after": "7" } }];
    world.farEnd = () => answers.shift() ?? { status: 200 };
    const startMs = world.clock.now();
    for (const id of ["a", "b"]) notify(id);
    await world.settle();
    expect(world.arrivals.map(({ atMs }) => atMs - startMs)).toEqual([0, 7_000, 8_000]);
    expect(titles(world)).toEqual(["title of a", "title of a", "title of b"]);
    expect(world.problems).toEqual([]);
  });

  it("reports a receiver that keeps failing while it goes on trying, for an hour", async () => {
    world.farEnd = () => ({ status: 503 });
    notify("a");
    notify("b");
    await world.clock.advance(60_000);
    expect(world.problems).toEqual([
      `Slack is not told (${PLACE}): HTTP 503 (6 attempts; each message is tried for 1h). 2 messages wait.`,
    ]);
    await world.clock.advance(50 * 60_000);
    expect(world.count("failed")).toBe(0);
    await world.clock.advance(20 * 60_000);
    expect(world.count("failed")).toBe(2);
    expect(world.problems).toHaveLength(1);
  });

  it("tells late messages as such, when the receiver is back", async () => {
    world.farEnd = () => "broken";
    notify("a");
    await world.clock.advance(20 * 60_000);
    world.farEnd = () => ({ status: 200 });
    await world.settle();
    expect(world.arrivals.at(-1)?.body).toMatch(/Told late: it happened 20m\d*s? ago/);
  });

  it("reports a URL that was revoked once, and again after it had worked", async () => {
    const answers = [404, 410, 200, 404];
    world.farEnd = () => ({ status: answers.shift() ?? 200 });
    for (const id of ["a", "b", "c", "d"]) notify(id);
    await world.settle();
    expect(world.problems).toEqual([
      `Slack is not told (${PLACE}): HTTP 404. 4 messages wait.`,
      `Slack is not told (${PLACE}): HTTP 404.`,
    ]);
    expect([world.count("sent"), world.count("refused")]).toEqual([1, 3]);
    expect(world.arrivals[2]?.body).toContain(
      "2 earlier messages could not be delivered here: title of a; title of b.",
    );
  });

  it("reads the Secret once for a burst, and anew when it was refused or time has passed", async () => {
    for (const id of ["a", "b", "c"]) notify(id);
    await world.clock.advance(5_000);
    expect(world.secretReads).toBe(1);
    const answers = [404];
    world.farEnd = () => ({ status: answers.shift() ?? 200 });
    notify("d");
    await world.clock.advance(5_000);
    world.secrets["shop/receiver/url"] = `${SECRET_URL}-new`;
    notify("e");
    await world.clock.advance(5_000);
    expect(world.arrivals.at(-1)?.url).toBe(`${SECRET_URL}-new`);
    await world.clock.advance(60_000);
    notify("f");
    await world.clock.advance(5_000);
    expect(world.secretReads).toBe(3);
  });

  it.each([
    [
      "is missing",
      new ApiError("getting", { code: 404, reason: "NotFound" }),
      "Secret shop/receiver does not exist",
    ],
    ["may not be read", new ApiError("getting", { code: 403 }), "Sluice may not read Secret shop/receiver"],
  ])("reports a Secret that %s", async (_what, error, reason) => {
    world.secretError = error;
    notify("a");
    await world.settle();
    expect(world.problems).toEqual([`Slack is not told (${PLACE}): ${reason}.`]);
    expect(world.count("refused")).toBe(1);
  });

  it("reports a Secret without the key", async () => {
    world.secrets = { "shop/receiver/address": SECRET_URL };
    notify("a");
    await world.settle();
    expect(world.problems).toEqual([`Slack is not told (${PLACE}): Secret shop/receiver has no key url.`]);
  });

  it("waits for an API server that does not answer", async () => {
    world.secretError = new UnreachableError("getting secret shop/receiver: connection refused");
    notify("a");
    await world.clock.advance(500);
    world.secretError = null;
    await world.settle();
    expect(titles(world)).toEqual(["title of a"]);
    expect(world.problems).toEqual([]);
  });

  it("leaves out the least severe when too many wait, counts and names them", async () => {
    world.farEnd = () => "silent";
    for (let index = 0; index < 150; index++)
      notify(`i${index}`, { severity: "info", reason: "WeightChanged" });
    for (let index = 0; index < 30; index++) notify(`e${index}`);
    notify("late", { severity: "info", reason: "WeightChanged" });
    expect(world.notifier.pending).toBe(100);
    expect(world.count("dropped")).toBe(81);
    world.farEnd = () => ({ status: 200 });
    await world.clock.advance(30 * 60_000);
    const delivered = titles(world);
    for (let index = 0; index < 30; index++) expect(delivered).toContain(`title of e${index}`);
    expect(
      world.arrivals.some(({ body }) => body.includes("81 earlier messages could not be delivered here")),
    ).toBe(true);
  });

  it("holds back nobody for a receiver that is dead", async () => {
    world.secrets["shop/dead/url"] = "https://dead.test/x";
    world.farEnd = ({ url }) => (url.includes("dead") ? "silent" : { status: 200 });
    for (let index = 0; index < 120; index++)
      world.notifier.notify(told({ slack: { secretRef: { name: "dead" } } }), aTransition(`d${index}`));
    const startMs = world.clock.now();
    notify("a");
    await world.clock.advance(1_000);
    expect(world.arrivals.at(-1)?.atMs).toBe(startMs);
    expect(world.count("sent")).toBe(1);
  });

  it("survives a spec that makes no sense", () => {
    const broken = { ...told(SLACK), spec: { notifications: "none" } } as never;
    world.notifier.notify(broken, ROLLED_BACK);
    expect(world.logger.lines.join()).toContain("notification could not be made");
  });
});
