/** Clients that do the same all the time and remember what they were told, so that it can be compared with what is. */
export interface History {
  /** How many operations were acknowledged until now. */
  readonly acknowledged: number;
  /** How many got no answer, or the answer that it could not be found out. */
  readonly unanswered: number;
  /** Resolves when so many more were acknowledged. */
  progress(operations: number): Promise<void>;
  /** Resolves when no call is in flight any more. */
  stop(): Promise<void>;
  /** Everything that contradicts what was acknowledged, as sentences; the system must be whole again. */
  contradictions(): Promise<readonly string[]>;
}
