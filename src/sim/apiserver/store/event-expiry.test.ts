import { expect, it } from "vitest";
import { ApiCalls, type Json } from "../../../../test/support/api-calls.ts";

const EVENTS = "/api/v1/namespaces/default/events";
const event = (name: string) => ({
  metadata: { name },
  involvedObject: { name: "web", namespace: "default" },
  count: 1,
});

it("an Event goes an hour after it was last written", async () => {
  const api = new ApiCalls();
  const names = async () => (await api.get(EVENTS)).body["items"].map((item: Json) => item["metadata"].name);
  await api.post(EVENTS, event("once"));
  await api.post(EVENTS, event("again"));
  await api.clock.advance(1_800_000);
  await api.patch(`${EVENTS}/again`, { count: 2 });
  await api.clock.advance(1_800_000);
  await api.post(EVENTS, event("new"));
  expect(await names()).toEqual(["again", "new"]);
  await api.clock.advance(1_800_000);
  await api.post(EVENTS, event("newer"));
  expect(await names()).toEqual(["new", "newer"]);
});
