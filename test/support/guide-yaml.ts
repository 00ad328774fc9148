import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

/** A document of a YAML block of a guide: an object, or the part of one that the text is about. */
export interface GuideYaml {
  readonly guide: string;
  /** The nearest heading above. */
  readonly heading: string;
  /** Of the block. */
  readonly line: number;
  /** A part without a kind is of a Rollout. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** All of a guide, those in lists too. Throws where a block is no YAML. */
export function yamlOf(guide: string): readonly GuideYaml[] {
  const text = readFileSync(guide, "utf8");
  return [...text.matchAll(/^([ ]*)```yaml\n(.*?)^\1```/gms)].flatMap(
    ({ 1: indent = "", 2: yaml = "", index }) => {
      const above = text.slice(0, index);
      const heading = [...above.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? "";
      const line = above.split("\n").length;
      const bare = yaml.replaceAll(new RegExp(`^${indent}`, "gm"), "");
      return parseAllDocuments(bare).map((document) => {
        const [broken] = document.errors;
        if (broken !== undefined) throw new Error(`${guide}:${line}: ${broken.message}`);
        return { guide, heading, line, value: document.toJS() as GuideYaml["value"] };
      });
    },
  );
}
