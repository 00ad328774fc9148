import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { templatePieces } from "../api/template.ts";
import { type Escape, fromTemplate, plain, withinBytes, write } from "./markup.ts";

const html: Escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

describe("write", () => {
  it("escapes what is plain, and leaves the author's markup", () => {
    const text = fromTemplate(templatePieces("<b>{{ name }}</b> & {{ gone }}"), { name: "a<b" });
    expect(write(text, html, 100)).toBe("<b>a&lt;b</b> & ");
  });

  it("fills in no more than it is given: values are not templates, and prototypes hold none", () => {
    const text = fromTemplate(templatePieces("{{ a }}{{ toString }}"), { a: "{{ b }}", b: "no" });
    expect(write(text, html, 100)).toBe("{{ b }}");
  });

  it("cuts where it is too long, never within a character or an escape sequence", () => {
    expect(write(plain("ab<cd"), html, 7)).toBe("ab&lt;…");
    expect(write(plain("ab<cd"), html, 6)).toBe("ab…");
    const texts = fc.string({ unit: fc.constantFrom("a", "<", "&", "🚀"), maxLength: 60 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 80 }), (text, max) => {
        const written = write(plain(text), html, max);
        expect(written.length).toBeLessThanOrEqual(max);
        const whole = html(text);
        expect(whole === written || whole.startsWith(written.slice(0, -1))).toBe(true);
        expect(written).not.toMatch(/&(?!amp;|lt;)|[\ud83d](?![\ude80])/);
      }),
    );
  });
});

it("withinBytes takes the longest text whose payload fits, and the shortest when none does", () => {
  const make = (length: number) => ({ text: "x".repeat(length) });
  expect(withinBytes(1_000, [2_000, 900, 10], make).text).toHaveLength(900);
  expect(withinBytes(5, [2_000, 900, 10], make).text).toHaveLength(10);
});
