/** Templates of a spec: `{{ name }}` stands for a value. Nothing else is special: no conditions, loops or functions. */

/** A piece of a template, as it stands there or to be filled in. */
export type TemplatePiece =
  | { readonly literal: string }
  /** `reference` is how the author wrote it: "{{ name }}". */
  | { readonly variable: string; readonly reference: string };

const REFERENCE = /\{\{\s*([^{}]*?)\s*\}\}/g;

export function templatePieces(template: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  let from = 0;
  for (const match of template.matchAll(REFERENCE)) {
    const [reference, variable = ""] = match;
    if (match.index > from) pieces.push({ literal: template.slice(from, match.index) });
    pieces.push({ variable, reference });
    from = match.index + reference.length;
  }
  if (from < template.length) pieces.push({ literal: template.slice(from) });
  return pieces;
}

/** What is wrong with a template, as sentences; empty when nothing is. `what` is its name in them: "query". */
export function problemsOfTemplate(
  template: string,
  known: Readonly<Record<string, string>>,
  what: string,
): readonly string[] {
  const problems: string[] = [];
  for (const piece of templatePieces(template)) {
    if ("literal" in piece) {
      if (piece.literal.includes("{{")) problems.push(`the ${what} has a {{ without its }}`);
    } else if (!Object.hasOwn(known, piece.variable)) {
      const names = Object.keys(known).map((name) => `{{ ${name} }}`);
      problems.push(`unknown variable ${piece.reference} in the ${what}; known are ${names.join(", ")}`);
    }
  }
  return problems;
}
