import type { InvalidationBus } from '@sallyport/core';
import * as z from 'zod';
import type { Artifacts, OwnedArtifact } from './artifacts.ts';

/** What a client does for a user by token exchange, under what the user granted to another client in one sign-in. */
export interface Delegation {
  /** The grant that the exchanged tokens were made under: that of the client which the user let in. */
  readonly grantId: string;
  /** The client that acts. */
  readonly clientId: string;
  readonly accountId: string;
  /** The session of the sign-in. */
  readonly sid: string;
}

/** A delegation as it is kept. */
export interface KeptDelegation extends Delegation {
  readonly since: Date;
  readonly lastUsedAt: Date | null;
  /** Tokens up to this second were given up by their client; seconds since 1970. */
  readonly tokensSince: number | undefined;
  /** Its user took it back: there is no other one under the same grant. */
  readonly isRevoked: boolean;
}

/** Which client acts for which user by token exchange (RFC 8693): one row for each grant and client, so that it can be seen and ended. */
export interface Delegations {
  /** `undefined` where the client never exchanged a token of the grant. */
  find(grantId: string, clientId: string): Promise<KeptDelegation | undefined>;
  /** Whether its user took one back from the client in this sign-in, under whichever grant. */
  wasRevoked(delegation: Omit<Delegation, 'grantId'>): Promise<boolean>;
  /** Whether a token of a time is good, as far as the delegation says. */
  isLive(grantId: string, clientId: string, issuedAt: number): Promise<boolean>;
  /** Keeps one, and reports it: of several callers one does. */
  begin(delegation: Delegation, expiresAt: Date, report: () => Promise<unknown>): Promise<void>;
  listOfUser(userId: string): Promise<readonly KeptDelegation[]>;
  /**
   * Takes it back for good, for its user. Joins the transaction that it is called in; resolves to whether this call did. Call
   * `announceEnd` afterwards.
   */
  revoke(delegation: Delegation): Promise<boolean>;
  /** Ends the tokens that there are, for a client that gives one up. It may exchange again. */
  endTokens(grantId: string, clientId: string): Promise<void>;
  /** Tells every cache that it, or what was made under it, ended. */
  readonly announceEnd: (delegation: Pick<Delegation, 'grantId' | 'clientId'>) => Promise<void>;
}

/** Another request was faster. */
class BegunMeanwhile extends Error {}

const everyGeneration = Number.MAX_SAFE_INTEGER;
const payloadSchema = z.object({
  grantId: z.string(),
  clientId: z.string(),
  accountId: z.string(),
  sid: z.string(),
  /** Seconds since 1970: tokens up to then are worth nothing. */
  tokensSince: z.number().optional(),
});

/** The id under which caches know it: as a client of its own, which is cut off. */
export function delegationTargetOf(grantId: string, clientId: string): string {
  return `delegation ${grantId} ${clientId}`;
}

/** Where it is kept. */
export function delegationNameOf(grantId: string, clientId: string) {
  return { kind: 'Delegation', id: `${grantId} ${clientId}` } as const;
}

/** Builds it on the artifacts. */
export function createDelegations(
  artifacts: Artifacts,
  {
    bus,
    transaction,
    now,
  }: {
    readonly bus: InvalidationBus;
    readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
    readonly now: () => Date;
  },
): Delegations {
  const announceEnd: Delegations['announceEnd'] = ({ grantId, clientId }) =>
    bus.publish({
      kind: 'client',
      id: delegationTargetOf(grantId, clientId),
      minGeneration: everyGeneration,
      at: now(),
      reason: 'delegation-ended',
    });
  const listOfUser: Delegations['listOfUser'] = async (userId) =>
    (await artifacts.listOfSubject('Delegation', userId)).map(toKept);
  return {
    announceEnd,
    async find(grantId, clientId) {
      const stored = await artifacts.find(delegationNameOf(grantId, clientId));
      return stored === null ? undefined : toKept(stored);
    },
    async isLive(grantId, clientId, issuedAt) {
      const stored = await artifacts.find(delegationNameOf(grantId, clientId));
      if (stored === null || stored.consumedAt !== null) return false;
      const { tokensSince } = payloadSchema.parse(stored.payload);
      // Times in tokens are whole seconds: one of the second in which the others ended does.
      return tokensSince === undefined || issuedAt > tokensSince;
    },
    async begin({ grantId, clientId, accountId, sid }, expiresAt, report) {
      const name = delegationNameOf(grantId, clientId);
      try {
        // A transaction of its own: on PostgreSQL one in which a row was taken can do nothing else.
        await transaction(async () => {
          await report();
          const payload = { grantId, clientId, accountId, sid };
          if (!(await artifacts.insert({ ...name, payload, expiresAt }))) throw new BegunMeanwhile();
        });
      } catch (error) {
        if (!(error instanceof BegunMeanwhile)) throw error;
      }
    },
    listOfUser,
    async wasRevoked({ clientId, accountId, sid }) {
      const all = await listOfUser(accountId);
      return all.some((each) => each.isRevoked && each.clientId === clientId && each.sid === sid);
    },
    revoke: ({ grantId, clientId }) => artifacts.consume(delegationNameOf(grantId, clientId), now()),
    async endTokens(grantId, clientId) {
      const name = delegationNameOf(grantId, clientId);
      const stored = await artifacts.find(name);
      if (stored === null) return;
      const { tokensSince: before = 0 } = payloadSchema.parse(stored.payload);
      // Of two ends within a second the later one ends what was exchanged between them.
      const tokensSince = Math.max(Math.floor(now().getTime() / 1000), before + 1);
      const payload = { ...stored.payload, tokensSince };
      await artifacts.save({ ...name, payload, expiresAt: stored.expiresAt });
      await announceEnd({ grantId, clientId });
    },
  };
}

function toKept({ payload, consumedAt, createdAt, lastUsedAt }: Omit<OwnedArtifact, 'grantId'>): KeptDelegation {
  const { tokensSince, ...delegation } = payloadSchema.parse(payload);
  return { ...delegation, tokensSince, since: createdAt, lastUsedAt, isRevoked: consumedAt !== null };
}
