import type { Sealer } from '@sallyport/core';
import * as z from 'zod';

/** What a provider gave to act for its user. */
export interface ProviderTokens {
  readonly accessToken: string;
  /** `undefined` where none was asked for, or the provider gives none. */
  readonly refreshToken: string | undefined;
  /** When the access token ends; `undefined` where the provider does not say, or it does not end. */
  readonly accessExpiresAt: Date | undefined;
  /** What it is good for, as the provider said; `undefined` for what was asked for. */
  readonly scope: string | undefined;
}

/** The tokens of an external identity, as they are kept. */
export interface KeptTokens {
  readonly id: string;
  /** Of the row, for its whole life: the tokens are sealed for it. */
  readonly handle: string;
  /** `null` once the identity is disconnected, or its account is gone. */
  readonly identityId: string | null;
  readonly userId: string;
  readonly provider: string;
  /** See `sealTokens`. */
  readonly sealed: string;
  /**
   * `usable`; `sign-in-required` when the provider takes the refresh token no longer; `ended` when they wait for their
   * revocation at the provider.
   */
  readonly state: string;
  readonly scope: string | null;
  readonly accessExpiresAt: Date | null;
  /** Grows with every write: each is a compare-and-set on it. */
  readonly version: number;
  /** Until when one gateway alone asks the provider. */
  readonly leaseUntil: Date | null;
  /** Revocations that failed. */
  readonly attempts: number;
  /** When a revocation is tried next. */
  readonly nextAt: Date | null;
  readonly changedAt: Date;
}

/** The purpose of the sealer of providers' tokens. */
export const providerTokenPurpose = 'provider-token';

const sealedSchema = z.strictObject({ accessToken: z.string(), refreshToken: z.string().optional() });

export type SealedTokens = z.output<typeof sealedSchema>;

/** Seals the tokens of a row. */
export function sealTokens(
  sealer: Sealer,
  handle: string,
  { accessToken, refreshToken }: Pick<ProviderTokens, 'accessToken' | 'refreshToken'>,
): string {
  const tokens: SealedTokens = { accessToken, ...(refreshToken === undefined ? {} : { refreshToken }) };
  return sealer.seal(JSON.stringify(tokens), handle);
}

/** Opens the tokens of a row; `undefined` for a row that was changed, or sealed under a secret that is gone. */
export function openTokens(
  sealer: Sealer,
  { handle, sealed }: Pick<KeptTokens, 'handle' | 'sealed'>,
): SealedTokens | undefined {
  try {
    return sealedSchema.parse(JSON.parse(sealer.open(sealed, handle)));
  } catch {
    return undefined;
  }
}
