/** One sign-out: milliseconds from its confirmation at one gateway to the first refusal at the other, to its last byte. */
export interface SignOut {
  readonly refusedAfter: number;
  /** A request of the same session at the other gateway just before. */
  readonly roundTrip: number;
  /** Unless what is closed is a stream. */
  readonly requestsUntilRefused?: number;
}
