/** Reads one query parameter; repeated ones count as absent. */
export function searchText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
