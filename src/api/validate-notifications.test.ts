import { expect, test } from "vitest";
import { aRollout } from "../../test/support/rollout-objects.ts";
import { readSpec } from "./validate.ts";

function problemsOf(...notifications: Record<string, unknown>[]): readonly string[] {
  const { notifications: _, ...spec } = aRollout().spec;
  const reading = readSpec({ ...spec, notifications });
  return reading.ok ? [] : reading.problems.map(({ field, message }) => `${field}: ${message}`);
}

const secretRef = { name: "receiver" };
const tokenRef = { name: "receiver" };

test.each([
  ["an incoming webhook", { slack: { secretRef } }],
  ["a bot", { slack: { tokenRef, channel: "#releases" } }],
  ["a bot with a channel's ID", { slack: { tokenRef, channel: "C0123ABC" } }],
  ["a signed webhook", { webhook: { secretRef, signatureRef: { name: "receiver" } } }],
  ["templates", { teams: { secretRef }, title: "{{ title }} ({{cluster}})", text: "{{ dashboard }}" }],
])("%s is a receiver", (_, entry) => {
  expect(problemsOf(entry)).toEqual([]);
});

test.each([
  [
    {},
    "spec.notifications[0]: none is set; exactly one of slack, teams, discord, googleChat, webhook must be",
  ],
  [
    { slack: { secretRef }, discord: { secretRef } },
    "spec.notifications[0]: slack and discord are set; exactly one of slack, teams, discord, googleChat, webhook must be",
  ],
  [{ slack: {} }, "spec.notifications[0].slack: exactly one of secretRef and tokenRef must be set"],
  [{ slack: { tokenRef } }, "spec.notifications[0].slack.channel: tokenRef and channel go together"],
  [
    { slack: { secretRef, channel: "#a" } },
    "spec.notifications[0].slack.channel: tokenRef and channel go together",
  ],
  [
    { slack: { tokenRef, channel: "releases" } },
    'spec.notifications[0].slack.channel: "releases": want #name or a channel\'s ID',
  ],
  [
    { teams: { secretRef }, text: "{{ title" },
    "spec.notifications[0].text: the template has a {{ without its }}",
  ],
])("%j is refused, by field", (entry, problem) => {
  expect(problemsOf(entry)).toEqual([problem]);
});

test("a variable that is not known is named with its field and those that are", () => {
  expect(problemsOf({ teams: { secretRef }, title: "{{ .Title }}" })[0]).toMatch(
    /^spec\.notifications\[0\]\.title: unknown variable {{ \.Title }} in the template; known are {{ title }}, {{ text }}, .*{{ dashboard }}$/,
  );
});
