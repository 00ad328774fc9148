/** Placeholder of the first commit; the verdict engine defines it. */
export type JudgeState = { readonly lastRowEndMs: number | null };
