/** What became of an attempt to take a delivery. */
export type ClaimedDelivery =
  /** It is this caller's alone, until it says what became of it or the time of the claim is over. */
  | { readonly kind: 'claimed'; readonly claim: DeliveryClaim }
  /** Another request is at it. */
  | { readonly kind: 'in-progress' }
  /** It was delivered: this one is a replay. */
  | { readonly kind: 'delivered' };

/** A delivery that was taken. */
export interface DeliveryClaim {
  readonly key: string;
  readonly holder: string;
}

/** A delivery that is to be taken. */
export interface DeliveryRequest {
  /** The same for every copy of one delivery, and for no other; at most 64 characters. */
  readonly key: string;
  readonly now: Date;
  /** When the claim is over that was neither completed nor released: its gateway died. */
  readonly claimedUntil: Date;
  /** When a copy is refused for its age alone, so that the delivery need not be remembered any longer. */
  readonly expiresAt: Date;
}

/**
 * Remembers deliveries of webhooks, so that each is handed on once, whatever number of gateways gets it at once.
 *
 * Every method rejects with `SP_STORE_UNAVAILABLE` when it cannot be known what holds.
 */
export interface WebhookDeliveries {
  /**
   * Takes a delivery: of all callers with one key, one gets it. A copy of what was delivered has it remembered until the
   * copy expires, where that is later.
   */
  claim(request: DeliveryRequest): Promise<ClaimedDelivery>;
  /** Notes that it was delivered: every copy is a replay from now on. Does nothing where another has taken it since. */
  complete(claim: DeliveryClaim): Promise<void>;
  /** Gives it back, as if it had never come. Does nothing where it was completed, or another has taken it since. */
  release(claim: DeliveryClaim): Promise<void>;
  /** Forgets those whose time is over. Resolves to their number. */
  deleteExpired(now: Date): Promise<number>;
}
