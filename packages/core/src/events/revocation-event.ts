/** Everything that can lose authority. */
export const revocationKinds = ['session', 'user', 'client', 'key', 'policy'] as const;

/** What lost authority. */
export type RevocationKind = (typeof revocationKinds)[number];

/** Published on the bus when authority ends or shrinks: what was cached for `id` under a smaller generation is revoked. */
export interface RevocationEvent {
  /** Grows by one with every event. 0 when the event could not be numbered and was delivered in this process alone. */
  readonly seq: number;
  readonly kind: RevocationKind;
  readonly id: string;
  /** Everything made under a generation below this one is refused. */
  readonly minGeneration: number;
  readonly at: Date;
  readonly reason: string;
}

/** What a listener receives. After `gap` it must drop what it cached: events may be missing. */
export type BusMessage = { readonly kind: 'revocation'; readonly event: RevocationEvent } | { readonly kind: 'gap' };

/**
 * Carries revocations to every cache. The order is fixed: durable row, tombstone, publish, and only then the answer to
 * the caller; so `publish` resolves when every listener of this process has the event.
 */
export interface InvalidationBus {
  publish(event: Omit<RevocationEvent, 'seq'>): Promise<void>;
  /** @returns a function that ends the subscription. */
  subscribe(listener: (message: BusMessage) => void): () => void;
  /**
   * Whether everything that other processes publish arrives now. While it is not, nothing that was remembered may be
   * used and nothing may be remembered: read the store every time.
   */
  isConnected(): boolean;
  /** The longest time that `isConnected` is still true although nothing arrives any more. @default 0 */
  readonly outageSeconds?: number;
}
