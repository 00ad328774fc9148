import { z } from "zod";
import { mapOf, textMap } from "./fields.ts";

export const stringMatch = z
  .strictObject({
    exact: z.string().max(1024).optional(),
    prefix: z.string().max(1024).optional(),
    regex: z.string().max(1024).optional().describe("RE2 syntax; matches the whole value."),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "[has(self.exact), has(self.prefix), has(self.regex)].filter(x, x).size() == 1",
        message: "exactly one of exact, prefix and regex must be set",
      },
    ],
  })
  .refine(
    (match) => Object.values(match).filter((value) => value !== undefined).length === 1,
    "exactly one of exact, prefix and regex must be set",
  );

const stringMatches = mapOf(stringMatch, { keys: 256, entries: 16 });

/** A subset of Istio's HTTPMatchRequest. */
const httpMatch = z.strictObject({
  uri: stringMatch.optional(),
  scheme: stringMatch.optional(),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  headers: stringMatches.optional().describe("By lower-case header name."),
  queryParams: stringMatches.optional(),
  withoutHeaders: stringMatches.optional().describe("Headers that must not match."),
  ignoreUriCase: z.boolean().optional(),
  port: z.number().int().min(1).max(65535).optional(),
  gateways: z.array(z.string().max(253)).max(32).optional(),
  sourceLabels: textMap({ keys: 316, values: 63, entries: 16 }).optional(),
  sourceNamespace: z.string().max(63).optional(),
});

/** A request matches when one of the items does; within an item every member must. */
export const httpMatches = z.array(httpMatch).max(32);

export type HttpMatch = z.output<typeof httpMatch>;

/** Whether the conditions take requests with this method, as far as the method goes. */
export function takesMethod({ method: condition }: HttpMatch, method: string): boolean {
  if (condition === undefined) return true;
  const { exact, prefix, regex } = condition;
  if (exact !== undefined) return method === exact;
  if (prefix !== undefined) return method.startsWith(prefix);
  return regex === undefined || matchesWhole(regex, method);
}

/** RE2 has forms that JavaScript has not: of what cannot be told the answer is no. */
function matchesWhole(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return false;
  }
}
