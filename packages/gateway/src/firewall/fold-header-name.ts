/** Only letters and digits, lower-case: `X_Real.IP` and `X-Real-IP` become the same. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
