import { randomBytes } from 'node:crypto';
import { recordModels, type Records, type Sealer, type SessionProvider } from '@sallyport/core';
import type { ProviderSignIns } from '../../sessions/provider-sign-ins.ts';
import type { AskedClient } from '../../sessions/required-assurance.ts';

/** What a pending sign-in waits for: a code of a factor that there is, or a factor. */
export type PendingPurpose = 'verify' | 'set-up';

/** A sign-in whose first factor was right, and which is no session: it can do nothing but be completed. */
export interface PendingSignIn {
  readonly id: string;
  readonly userId: string;
  readonly userGeneration: number;
  readonly purpose: PendingPurpose;
  /** What the first factor proved. */
  readonly amr: readonly string[];
  /** The identity provider that it came from. */
  readonly provider?: SessionProvider | undefined;
  readonly expiresAt: Date;
}

/** A sign-in to begin. */
export interface NewPendingSignIn {
  readonly userId: string;
  readonly userGeneration: number;
  readonly purpose: PendingPurpose;
  readonly amr: readonly string[];
  readonly provider?: SessionProvider | undefined;
}

/** Sign-ins between the first factor and the second. Only HMACs of their handles are stored. */
export interface PendingSignIns {
  /** Begins one, and resolves to its handle. */
  begin(pending: NewPendingSignIn, client: AskedClient): Promise<string>;
  /**
   * The one that could still be completed, by its handle, in the hands of the kind of client that was given it. One that its
   * identity provider has ended meanwhile is none: not even a factor is set up with it.
   */
  find(handle: string, client: AskedClient): Promise<PendingSignIn | null>;
  /** Uses it up: `true` for exactly one caller. */
  consume(pending: PendingSignIn): Promise<boolean>;
  /** Voids every one of a user. */
  discard(userId: string): Promise<void>;
}

interface PendingRow {
  readonly id: string;
  readonly userId: string;
  readonly userGeneration: number;
  readonly purpose: string;
  readonly amr: string;
  readonly provider?: string | null;
  readonly expiresAt: Date;
}

const model = recordModels.pendingSignIn;
const handlePattern = /^[A-Za-z0-9_-]{43}$/;

/** How long a sign-in may wait for its second factor. */
export const pendingSeconds = 10 * 60;

export function createPendingSignIns(
  records: Records,
  sealer: Sealer,
  providerSignIns: Pick<ProviderSignIns, 'isOver'>,
  now: () => Date,
): PendingSignIns {
  return {
    async begin({ userId, userGeneration, purpose, amr, provider }, client) {
      const handle = randomBytes(32).toString('base64url');
      const at = now();
      await records.create({
        model,
        data: {
          handleHash: sealer.hash(toStored(handle, client)),
          userId,
          userGeneration,
          purpose,
          amr: amr.join(' '),
          provider: provider === undefined ? null : JSON.stringify(provider),
          expiresAt: new Date(at.getTime() + pendingSeconds * 1000),
        },
      });
      return handle;
    },
    async find(handle, client) {
      if (!handlePattern.test(handle)) return null;
      const row = await records.findOne<PendingRow>({
        model,
        where: [{ field: 'handleHash', operator: 'in', value: [...sealer.hashes(toStored(handle, client))] }],
      });
      if (row === null || now().getTime() >= row.expiresAt.getTime()) return null;
      const pending = toPending(row);
      const { provider, userId } = pending;
      return provider !== undefined && (await providerSignIns.isOver(provider, userId)) ? null : pending;
    },
    async consume({ id }) {
      return (await records.deleteMany({ model, where: [{ field: 'id', value: id }] })) === 1;
    },
    async discard(userId) {
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
    },
  };
}

/** Whatever a program was given opens no session of a browser, and the cookie of a browser no tokens. */
function toStored(handle: string, client: AskedClient): string {
  return client === 'browser' ? handle : `${client}:${handle}`;
}

function toPending({ id, userId, userGeneration, purpose, amr, provider, expiresAt }: PendingRow): PendingSignIn {
  // What is not known for sure may only be verified, never set up.
  return {
    id,
    userId,
    userGeneration,
    purpose: purpose === 'set-up' ? 'set-up' : 'verify',
    amr: amr.split(' '),
    // Written by `begin` alone.
    ...(typeof provider === 'string' ? { provider: JSON.parse(provider) as SessionProvider } : {}),
    expiresAt,
  };
}
