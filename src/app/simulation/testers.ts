/** What testers send with their requests. */
export const TESTERS_HEADERS: Readonly<Record<string, string>> = { "x-tester": "yes" };

/** Who they are, as routes by match know them. */
export const TESTERS = [{ headers: { "x-tester": { exact: "yes" } } }];
