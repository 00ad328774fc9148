import { describe, expect, it } from "vitest";
import { isSameTemplate, templateHash } from "./template-hash.ts";

const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "main", image: "web:1" }] },
};

describe("templateHash", () => {
  it("is spelt without vowels, so that it is a label, a name's end and no word", () => {
    expect(templateHash(template)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });

  it("depends on the template and the number of collisions, not on the order of members", () => {
    const reordered = {
      spec: { containers: [{ image: "web:1", name: "main" }] },
      metadata: template.metadata,
    };
    const changed = { ...template, spec: { containers: [{ name: "main", image: "web:2" }] } };
    expect(templateHash(reordered)).toBe(templateHash(template));
    expect(templateHash(changed)).not.toBe(templateHash(template));
    expect(templateHash(template, 1)).not.toBe(templateHash(template));
  });
});

describe("isSameTemplate", () => {
  it("ignores the hash label and nothing else", () => {
    const labelled = { ...template, metadata: { labels: { app: "web", "pod-template-hash": "abc" } } };
    const other = { ...template, metadata: { labels: { app: "web", tier: "front" } } };
    expect(isSameTemplate(template, labelled)).toBe(true);
    expect(isSameTemplate(template, other)).toBe(false);
  });
});
