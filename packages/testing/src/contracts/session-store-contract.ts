import type { SessionRecord, SessionStore } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { after, makeSessionRecord } from './session-fixture.ts';
import { changeCases } from './session-store/changes.ts';
import type { OpenedStore, SessionStoreFixture } from './session-store/opened-store.ts';
import { processCases } from './session-store/processes.ts';
import { recordCases } from './session-store/records.ts';
import { revocationCases } from './session-store/revocation.ts';

export interface SessionStoreContractOptions {
  readonly name: string;
  /** For a server that does not update conditionally in one step: the cases in which several write at once do not run. */
  readonly withoutRaces?: boolean;
  open(): Promise<SessionStoreFixture>;
}

/** What every session store must do, whatever it keeps its records in. */
export function sessionStoreContract(options: SessionStoreContractOptions): void {
  const hasNoRaces = options.withoutRaces === true;
  describe(`session store: ${options.name}`, () => {
    let fixture: SessionStoreFixture;
    let store: SessionStore;
    beforeEach(async () => {
      fixture = await options.open();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const stored = async (change: Partial<SessionRecord> = {}): Promise<SessionRecord> => {
      const record = makeSessionRecord(change);
      await store.create(record);
      return record;
    };

    const opened: OpenedStore = { fixture: () => fixture, hasNoRaces, stored };
    recordCases(opened);
    changeCases(opened);
    revocationCases(opened);

    describe('when the store is down', () => {
      const calls: readonly { name: string; call: (sid: string) => Promise<unknown> }[] = [
        { name: 'create', call: () => store.create(makeSessionRecord()) },
        { name: 'findByTokenHash', call: () => store.findByTokenHash(['hash']) },
        { name: 'findBySid', call: (sid) => store.findBySid(sid) },
        { name: 'listLive', call: () => store.listLive('ada', after(1)) },
        { name: 'change', call: (sid) => store.change(sid, 1, { acr: 'mfa' }) },
        { name: 'recordActivity', call: (sid) => store.recordActivity(sid, after(1), after(601)) },
        { name: 'revoke', call: (sid) => store.revoke(sid, 'ada', 'signed-out', after(1)) },
        { name: 'revokeAll', call: () => store.revokeAll('ada', 'signed-out-everywhere', after(1)) },
        { name: 'deleteExpired', call: () => store.deleteExpired(after(1)) },
      ];

      it.each(calls)('$name rejects with SP_STORE_UNAVAILABLE', async ({ call }) => {
        const { sid } = await stored();
        await fixture.breakDown();
        await expect(call(sid)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
      });
    });

    processCases(opened);
  });
}
