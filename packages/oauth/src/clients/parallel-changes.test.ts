import type { Caller } from '@sallyport/core';
import { canRace, onDatabase, type Answer, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeService, operate, partner, startOAuthHarness } from '../oauth.test-support.ts';
import type { MadeClient } from './oauth-clients.ts';
import type { OAuthClient } from './oauth-client.ts';

interface Racer {
  readonly path: string;
  readonly body?: unknown;
}

interface Race {
  readonly racers: readonly [Racer, Racer];
  readonly holds: (answers: readonly Answer[], id: string) => Promise<void>;
}

const rounds = 3;
let harness: Harness;
let caller: Caller;
beforeEach(async () => {
  harness = await startOAuthHarness();
  ({ caller } = await makeService(harness, 'desk', ['registrar']));
});
afterEach(() => harness.close());

const find = (id: string) => operate<OAuthClient | null>(harness, 'oauth-clients/find', { id });
const statuses = (answers: readonly Answer[]) =>
  answers.map(({ status }) => status).toSorted((one, other) => one - other);
const countEvents = async (type: string, id: string): Promise<number> =>
  (await harness.events()).filter((event) => event['type'] === type && event['target'] === id).length;
const twice = (racer: Racer, holds: Race['holds']): Race => ({ racers: [racer, racer], holds });

/** Every route of this package that changes something. A new one without a row here fails the test below. */
const races: Readonly<Record<string, (id: string) => Race>> = {
  'POST /manage/oauth-clients': (id) =>
    twice({ path: '', body: { ...partner, name: `New beside ${id}` } }, async (answers) => {
      expect(statuses(answers)).toEqual([201, 409]);
    }),
  'PATCH /manage/oauth-clients/:id': (id) => ({
    racers: [
      { path: `/${id}`, body: { redirectUris: ['https://one.example/'] } },
      { path: `/${id}`, body: { scopes: ['openid', 'offline_access'] } },
    ],
    holds: async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      // Neither took back what the other has done.
      expect(await find(id)).toMatchObject({
        redirectUris: ['https://one.example/'],
        scopes: ['openid', 'offline_access'],
        generation: 3,
      });
      expect(await countEvents('oauth-client.changed', id)).toBe(2);
    },
  }),
  'POST /manage/oauth-clients/:id/secret': (id) =>
    twice({ path: `/${id}/secret`, body: { overlapSeconds: 60 } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 409]);
      expect(await countEvents('oauth-client.secret-rotated', id)).toBe(1);
    }),
  'PUT /manage/oauth-clients/:id/disabled': (id) =>
    twice({ path: `/${id}/disabled` }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect((await find(id))?.disabledAt).toBeDefined();
      expect(await countEvents('oauth-client.disabled', id)).toBe(1);
    }),
  'DELETE /manage/oauth-clients/:id/disabled': (id) =>
    twice({ path: `/${id}/disabled` }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect((await find(id))?.disabledAt).toBeUndefined();
    }),
  'DELETE /manage/oauth-clients/:id': (id) =>
    twice({ path: `/${id}` }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      expect(await countEvents('oauth-client.deleted', id)).toBe(1);
    }),
};

describe(onDatabase('two changes of clients at the same moment'), () => {
  it('have a row for every route that changes something', () => {
    const served = harness.identity.app.routes
      .filter(
        ({ method, path }) => !['ALL', 'GET', 'HEAD'].includes(method) && path.startsWith('/manage/oauth-clients'),
      )
      .map(({ method, path }) => `${method} ${path}`);
    expect(Object.keys(races).sort()).toEqual([...new Set(served)].sort());
  });

  it.skipIf(!canRace()).each(Object.entries(races))(
    'leave what one after the other would: %s',
    async (route, prepare) => {
      const [method = ''] = route.split(' ');
      for (let round = 0; round < rounds; round += 1) {
        const name = `Client ${round}`;
        const { client } = await operate<MadeClient>(harness, 'oauth-clients/create', { ...partner, name });
        const { racers, holds } = prepare(client.id);
        const answers = await Promise.all(
          racers.map(({ path, body }) => harness.call(method, `/manage/oauth-clients${path}`, body, { caller })),
        );
        expect(answers.filter(({ status }) => status >= 500).map(({ text }) => text)).toEqual([]);
        await holds(answers, client.id);
      }
    },
  );

  it.skipIf(!canRace())('never give a client what its registrar lost meanwhile', async () => {
    const service = await makeService(harness, 'desk-2', ['registrar']);
    const body = { ...partner, name: 'Raced' };
    const [answer] = await Promise.all([
      harness.call('POST', '/manage/oauth-clients', body, { caller: service.caller }),
      operate(harness, 'service-accounts/set-roles', { id: service.id, roles: ['user'] }),
    ]);
    expect([201, 403]).toContain(answer.status);
    const after = await harness.call(
      'POST',
      '/manage/oauth-clients',
      { ...body, name: 'Late' },
      { caller: service.caller },
    );
    expect(after.status).toBe(403);
  });
});
