import { describe, expect, it } from "vitest";
import { didYouMean } from "./did-you-mean.ts";

const KNOWN = ["setImage", "annotate", "scale", "rps", "errorRate"];

describe("didYouMean", () => {
  it.each([
    ["setimage", "setImage"],
    ["setImgae", "setImage"],
    ["anotate", "annotate"],
    ["errorate", "errorRate"],
    ["rp", "rps"],
    ["image", null],
    ["xyz", null],
    ["", null],
  ])("for %s suggests %s", (word, expected) => {
    expect(didYouMean(word, KNOWN)).toBe(expected);
  });
});
