import { describe, expect, it } from 'vitest';
import { canRace, onDatabase } from '../../../identity.test-support.ts';
import { hour, useKeptTokens } from './kept-tokens.test-support.ts';

const site = useKeptTokens();
const { start, signIn, handOut, eventsOf, detailsOf, lease, openSecondGateway } = site;

describe(onDatabase('an access token that ends'), () => {
  it('is refreshed when it is asked for, and the rotated refresh token is kept', async () => {
    site.harness.advance(hour - 30);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    site.harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
    expect(site.grants.refreshed).toEqual(['refresh-1', 'refresh-2']);
  });

  it('is refreshed once for fifty who ask at the same time', async () => {
    site.grants.milliseconds = 100;
    site.harness.advance(hour);
    const all = await Promise.all(Array.from({ length: 50 }, () => handOut()));
    expect(new Set(all.map(({ access_token }) => access_token))).toEqual(new Set(['access-2']));
    expect(site.grants.refreshed).toEqual(['refresh-1']);
  });

  it.skipIf(!canRace())('is refreshed once for fifty who ask at two gateways', async () => {
    site.grants.milliseconds = 100;
    const other = await openSecondGateway();
    try {
      site.harness.advance(hour);
      const asks = Array.from({ length: 50 }, (_, index) =>
        handOut('shop', 'acme', index % 2 === 0 ? site.harness.identity : other),
      );
      const all = await Promise.all(asks);
      expect(new Set(all.map(({ access_token }) => access_token))).toEqual(new Set(['access-2']));
      expect(site.grants.refreshed).toEqual(['refresh-1']);
    } finally {
      await other.close();
    }
  });

  it('is asked for once more when the answer is lost: a provider with a grace period gives it again', async () => {
    site.grants.hasGrace = true;
    site.grants.loses = 1;
    site.harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    expect(site.grants.refreshed).toEqual(['refresh-1', 'refresh-1']);
    site.harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
  });

  it('asks for another sign-in when the answer is lost and the provider has no grace period', async () => {
    site.grants.loses = 1;
    site.harness.advance(hour);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED' });
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'lost-reply' }]);
  });

  it('is taken over from a gateway that died while it asked', async () => {
    site.harness.advance(hour);
    await lease(15);
    site.harness.advance(16);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('is not asked for beside another gateway that asks, and comes from there', async () => {
    site.harness.advance(hour);
    const release = await lease(15);
    const asked = handOut();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(site.grants.refreshed).toEqual([]);
    await release();
    expect(await asked).toMatchObject({ access_token: 'access-2' });
    expect(site.grants.refreshed).toEqual(['refresh-1']);
  });

  it('whose refresh token is refused asks for another sign-in, once and for all', async () => {
    await site.grants.refresh('refresh-1');
    site.grants.refreshed.length = 0;
    site.harness.advance(hour);
    for (let round = 0; round < 3; round += 1)
      await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED', status: 409 });
    expect(site.grants.refreshed).toEqual(['refresh-1']);
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'refused' }]);
    await signIn();
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
  });

  it('without a refresh token asks for another sign-in', async () => {
    await site.harness.close();
    site.standIn.lies.grants = { ...site.grants, issue: () => ({ access_token: 'short', expires_in: 600 }) };
    await start();
    expect(await handOut()).toMatchObject({ access_token: 'short' });
    site.harness.advance(599);
    expect(await handOut()).toMatchObject({ access_token: 'short' });
    site.harness.advance(2);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED' });
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'expired' }]);
  });

  it.each([500, 503, 429, 401])(
    'is 503 while the provider answers %i, and is not asked for each time',
    async (status) => {
      site.grants.fails = status;
      site.harness.advance(hour);
      for (let round = 0; round < 3; round += 1)
        await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_UNAVAILABLE', status: 503 });
      expect(site.grants.refreshed).toEqual(['refresh-1']);
      site.grants.fails = undefined;
      site.harness.advance(6);
      expect(await handOut()).toMatchObject({ access_token: 'access-2' });
      expect(await eventsOf('provider.grant-ended')).toEqual([]);
    },
  );

  it('is stored after the database did not answer for a moment', async () => {
    site.harness.advance(hour);
    const { records } = site.harness.database;
    const updateMany: typeof records.updateMany = records.updateMany.bind(records);
    let failures = 2;
    Object.assign(records, {
      updateMany: (query: Parameters<typeof updateMany>[0]) => {
        if (query.update['sealed'] !== undefined && failures > 0) {
          failures -= 1;
          return Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
        }
        return updateMany(query);
      },
    });
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    Object.assign(records, { updateMany });
    site.harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
  });

  it('is remembered and stored later where the database takes nothing', async () => {
    site.harness.advance(hour);
    const { records } = site.harness.database;
    const updateMany: typeof records.updateMany = records.updateMany.bind(records);
    Object.assign(records, {
      updateMany: (query: Parameters<typeof updateMany>[0]) =>
        query.update['sealed'] === undefined ? updateMany(query) : Promise.reject(new Error('gone')),
    });
    await expect(handOut()).rejects.toThrow();
    Object.assign(records, { updateMany });
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    expect(site.grants.refreshed).toEqual(['refresh-1']);
  });
});
