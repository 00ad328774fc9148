import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aRollout } from "../../test/support/rollout-objects.ts";
import { commandValue, parseCommandValue } from "../api/command.ts";
import { readCommands } from "./read-commands.ts";

function commandsOf(value: string, manager?: string) {
  const rollout = aRollout();
  const fieldsV1 = { "f:metadata": { "f:annotations": { "f:sluice.dev/approve": {} } } };
  const managedFields = manager === undefined ? [] : [{ manager, fieldsV1 }];
  const metadata = { ...rollout.metadata, annotations: { "sluice.dev/approve": value }, managedFields };
  return readCommands({ ...rollout, metadata });
}

describe("a command", () => {
  test("is plain text from a person, and who set it is whom the API names", () => {
    expect(commandsOf("numbers look good", "kubectl-annotate")).toEqual([
      { name: "approve", reason: "numbers look good", by: "kubectl-annotate" },
    ]);
  });

  test("may name a person and a revision; who set it is told as well", () => {
    const value = '{"reason":"ok","by":"ada","revision":"7d9f"}';
    expect(commandsOf(value, "chat-bot")).toEqual([
      { name: "approve", reason: "ok", by: "ada via chat-bot", revision: "7d9f" },
    ]);
    expect(commandsOf(value)).toEqual([{ name: "approve", reason: "ok", by: "ada", revision: "7d9f" }]);
  });

  test.each(['{"reason":7}', "{sic} it looks good", "{}x", "[1]", '{"by":{}}'])(
    "that is %s is a reason",
    (value) => {
      expect(commandsOf(value)).toEqual([{ name: "approve", reason: value, by: null }]);
    },
  );

  test("is read as it was written", () => {
    const text = fc.string({ unit: "grapheme" }).filter((it) => !it.trimStart().startsWith("{"));
    const value = fc.record({ reason: text, by: text, revision: text });
    fc.assert(
      fc.property(value, (given) => {
        expect(parseCommandValue(commandValue(given))).toEqual(given);
      }),
    );
    fc.assert(
      fc.property(text, (reason) => {
        expect(parseCommandValue(commandValue({ reason }))).toEqual({ reason });
      }),
    );
  });
});
