import { createHash } from 'node:crypto';
import { isDuplicateRow, recordModels, type RecordFilter, type Records, type SessionProvider } from '@sallyport/core';
import type { ExternalIdentities } from './external-identities.ts';
import type { LogoutOrder } from './logout-token.ts';

/** What providers ended: remembered for as long as a sign-in could still be on its way. */
export interface ProviderLogouts {
  /** Remembers an order. Call it before the sessions are looked for that there are. */
  note(order: Pick<LogoutOrder, 'issuer' | 'subject' | 'sid' | 'issuedAt'>): Promise<void>;
  /** Whether an order that was given since names a sign-in. */
  readonly isOver: (provider: SessionProvider, userId: string) => Promise<boolean>;
}

/** Clocks of providers that are a little behind must not spare a sign-in. */
export const clockToleranceSeconds = 30;
/** Longer than a sign-in may wait for its second factor. */
const rememberedSeconds = 60 * 60;
const model = recordModels.providerLogout;

/** Builds it on rows that only a verified logout token writes: one for each session or identity of a provider. */
export function createProviderLogouts(
  records: Records,
  identities: Pick<ExternalIdentities, 'list'>,
  now: () => Date,
): ProviderLogouts {
  return {
    async note({ issuer, subject, sid, issuedAt }) {
      const name = sid === undefined ? nameOf('sub', issuer, subject ?? '') : nameOf('sid', issuer, sid);
      const update = { endedAt: issuedAt, expiresAt: new Date(now().getTime() + rememberedSeconds * 1000) };
      // An order that was held back does not take the place of a later one.
      const where: RecordFilter[] = [
        { field: 'name', value: name },
        { field: 'endedAt', operator: 'lt', value: issuedAt },
      ];
      if ((await records.updateMany({ model, where, update })) > 0) return;
      try {
        await records.create({ model, data: { name, ...update } });
      } catch (error) {
        // There is one that is as late, or another order for the same was first.
        if (!isDuplicateRow(error)) throw error;
        await records.updateMany({ model, where, update });
      }
    },
    async isOver({ issuer, sid, signedInAt }, userId) {
      if (signedInAt === undefined) return false;
      const owned = (await identities.list(userId)).filter((identity) => identity.issuer === issuer);
      const names = [
        ...(sid === undefined ? [] : [nameOf('sid', issuer, sid)]),
        ...owned.map(({ subject }) => nameOf('sub', issuer, subject)),
      ];
      const where: RecordFilter[] = [{ field: 'name', operator: 'in', value: names }];
      const found = await records.findMany<{ readonly endedAt: Date }>({ model, where });
      return found.some(({ endedAt }) => isBegunBefore(signedInAt, endedAt));
    },
  };
}

/** A sign-in that began after the token was made is a later one: a token that is held back must not end it. */
export function isBegunBefore(signedInAt: number, endedAt: Date): boolean {
  return signedInAt <= endedAt.getTime() + clockToleranceSeconds * 1000;
}

/** What a provider calls its sessions and subjects may be long, and hold anything. */
function nameOf(kind: 'sid' | 'sub', issuer: string, value: string): string {
  return `${kind}:${createHash('sha256').update(`${issuer}\n${value}`).digest('base64url')}`;
}
