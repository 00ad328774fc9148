import { expect, test } from "vitest";
import { rolloutNamed, STATUSES } from "../../test/support/released-rollouts.ts";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import type { Rollout } from "../api/rollout.ts";
import { ApiError, UnreachableError } from "../kube/api-error.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ClusterSession } from "./cluster-session.ts";

const CHECKOUT = { ...rolloutNamed("checkout"), status: STATUSES.stepping };
const PROMOTED = { ...CHECKOUT, status: STATUSES.atRest };

/** A session that follows a Rollout, and what it has seen so far. */
function following(client: ScriptedClient) {
  const clock = new VirtualClock();
  const session = new ClusterSession({ client, clock, namespace: "shop", close: () => {} });
  const ended = new AbortController();
  const seen: (Rollout | null)[] = [];
  const done = (async () => {
    const versions = session.follow({ namespace: "shop", name: "checkout" }, ended.signal);
    for await (const rollout of versions) seen.push(rollout);
  })();
  return { clock, seen, ended, done };
}

function listing(...answers: readonly (Rollout | Error)[]): ScriptedClient {
  const left = [...answers];
  return new ScriptedClient(async () => {
    const next = left.shift();
    if (next === undefined) throw new Error("nobody should list once more");
    if (next instanceof Error) throw next;
    return { items: [next], resourceVersion: "7" };
  });
}

test("following goes on through a lost connection, an outage and a history that is gone", async () => {
  const client = listing(CHECKOUT, new UnreachableError("connection refused"), CHECKOUT, PROMOTED);
  const { clock, seen, ended, done } = following(client);
  await clock.advance(0);
  client.watches[0]?.fail(new UnreachableError("connection reset"));
  await clock.advance(3_000);
  client.watches[1]?.fail(new ApiError("watching", { code: 410, reason: "Expired" }));
  await clock.advance(1_000);
  expect(seen).toEqual([CHECKOUT, CHECKOUT, PROMOTED]);
  ended.abort();
  await clock.advance(0);
  await done;
});

test("a server that ends every watch at once is asked once a second", async () => {
  const client = listing(CHECKOUT, CHECKOUT, CHECKOUT);
  client.onWatch = (watch) => watch.end();
  const { clock, ended, done } = following(client);
  await clock.advance(2_500);
  expect(client.lists).toHaveLength(3);
  ended.abort();
  await clock.advance(0);
  await done;
});

test("following ends with what will not pass: the first answer, or a permission that is taken away", async () => {
  await expect(following(listing(new UnreachableError("refused"))).done).rejects.toMatchObject({
    problem: "unreachable",
  });
  const client = listing(CHECKOUT);
  const { clock, done } = following(client);
  const outcome = expect(done).rejects.toMatchObject({ problem: "forbidden" });
  await clock.advance(0);
  client.watches[0]?.fail(new ApiError("watching", { code: 403, reason: "Forbidden", message: "no" }));
  await clock.advance(0);
  await outcome;
});
