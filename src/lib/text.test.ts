import { expect, it } from "vitest";
import { plural, shorten, withoutSecrets } from "./text.ts";

it("shorten makes one line and cuts it", () => {
  expect(shorten("  a\n  b ", 10)).toBe("a b");
  expect(shorten("abcdef", 6)).toBe("abcdef");
  expect(shorten("abc defg", 5)).toBe("abc…");
  expect(shorten("abc", 0)).toBe("…");
});

it("plural counts", () => {
  expect([plural(0, "pod"), plural(1, "pod"), plural(2, "pod")]).toEqual(["0 pods", "1 pod", "2 pods"]);
});

it("withoutSecrets hides secrets, and their words where they come apart", () => {
  expect(withoutSecrets("no Bearer abcdef, no abcdef here", ["Bearer abcdef"])).toBe("no ***, no *** here");
  expect(withoutSecrets("an ok is an ok", ["ok"])).toBe("an ok is an ok");
});
