/**
 * What servers read in more than one way, and a route may let its upstream see all the same: delimiters in encoded form,
 * an encoded percent sign that begins another escape (`%2541`), and empty segments (`//`).
 */
export const rawPathParts = ['%23', '%25', '%2F', '%3B', '%3F', '%5C', '//'] as const;

/** One of the parts of a path that servers read in more than one way. */
export type RawPathPart = (typeof rawPathParts)[number];
