import type { StepUpProvider } from '@sallyport/core';

/** With what the owner of an account can confirm who they are, beside their password and second factor. */
export type OfferStepUp = (userId: string) => Promise<readonly StepUpProvider[]>;

/** The place where features register what they confirm users with. */
export interface StepUpOffers {
  register(offer: OfferStepUp): void;
  /** What all of them offer a user. */
  readonly of: OfferStepUp;
}

/** Builds it. */
export function createStepUpOffers(): StepUpOffers {
  const all: OfferStepUp[] = [];
  return {
    register: (offer) => void all.push(offer),
    of: async (userId) => (await Promise.all(all.map((offer) => offer(userId)))).flat(),
  };
}
