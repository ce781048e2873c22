/** Notes that sessions end. Joins the transaction that ends them, and must bear to hear of one twice. */
export type NoteSessionEndings = (sids: readonly string[]) => Promise<void>;

/**
 * Who has to know that a session ends beside the caches, which hear of it on the bus: what they write about it is in the
 * transaction that ends it, so that a process that dies afterwards has not forgotten it.
 */
export interface SessionEndings {
  register(note: NoteSessionEndings): void;
  /** Tells all of them. Joins the transaction that it is called in. */
  readonly note: NoteSessionEndings;
}

/** Builds the place where features register what they do when sessions end. */
export function createSessionEndings(): SessionEndings {
  const all: NoteSessionEndings[] = [];
  return {
    register: (note) => void all.push(note),
    async note(sids) {
      if (sids.length === 0) return;
      for (const note of all) await note(sids);
    },
  };
}
