/** Whether an object of `owner` with this `exportTo` is seen from `viewer` (both are namespaces). Nothing said: by all. */
export function isVisible(exportTo: readonly string[] | undefined, owner: string, viewer: string): boolean {
  if (exportTo === undefined || exportTo.length === 0) return true;
  return exportTo.some((name) => name === "*" || name === viewer || (name === "." && owner === viewer));
}
