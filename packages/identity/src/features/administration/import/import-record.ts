/** One record of a file to import, before its fields are checked. */
export type ImportRecord =
  | { readonly kind: 'record'; readonly line: number; readonly fields: unknown }
  /** What cannot be read as a record at all. The reason repeats nothing of it. */
  | { readonly kind: 'unreadable'; readonly line: number; readonly reason: string };

/** No account takes more, and nothing longer is kept in memory. */
export const maximumRecordBytes = 65_536;
