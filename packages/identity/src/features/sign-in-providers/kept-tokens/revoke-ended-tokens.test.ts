import { describe, expect, it } from 'vitest';
import type { ConnectedProvidersAnswer } from '@sallyport/core';
import { canRace, onDatabase } from '../../../identity.test-support.ts';
import { startProviderHarness } from '../provider.test-support.ts';
import { ada, hour, keepTokens, useKeptTokens } from './kept-tokens.test-support.ts';

const site = useKeptTokens();
const { start, signIn, handOut, rows, detailsOf, revokeAll, openSecondGateway } = site;

describe(onDatabase('tokens of a provider that are not wanted any more'), () => {
  it('are revoked there when the user disconnects it, and are not handed out', async () => {
    await site.harness.close();
    site.harness = await startProviderHarness(site.standIn, { keepTokens });
    await site.harness.makeUser(ada.email);
    await signIn();
    const { caller } = await site.harness.signIn(ada.email);
    const { body } = await site.harness.call('GET', '/auth/account/providers', undefined, { caller });
    const [connected] = (body as ConnectedProvidersAnswer).connected;
    const answer = await site.harness.call('DELETE', `/auth/account/providers/${connected?.id}`, undefined, { caller });
    expect(answer.status).toBe(204);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_NOT_CONNECTED' });
    await revokeAll();
    expect(site.grants.revoked).toEqual(['refresh-2']);
    expect(await rows()).toEqual([]);
  });

  it.each([
    {
      name: 'an account that is banned',
      end: () => site.harness.identity.accounts.setBanned(site.userId, true),
      code: 'SP_ACCOUNT_DISABLED',
    },
    {
      name: 'an account that is deleted',
      end: () => site.harness.identity.accounts.deleteUser(site.userId),
      code: 'SP_ACCOUNT_DISABLED',
    },
  ])('of $name are revoked there, and deleted here', async ({ end, code }) => {
    await end();
    await expect(handOut()).rejects.toMatchObject({ code });
    await revokeAll();
    expect(site.grants.revoked).toEqual(['refresh-1']);
    expect(await rows()).toEqual([]);
    expect(await detailsOf('provider.tokens-revoked')).toEqual([{ provider: 'acme', how: 'revoked' }]);
  });

  it('are revoked in the background, soon after the change', async () => {
    await site.harness.identity.accounts.deleteUser(site.userId);
    for (let round = 0; round < 200 && (await rows()).length > 0; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(site.grants.revoked).toEqual(['refresh-1']);
    expect(site.harness.logLines.join('\n')).not.toContain('provider-revocation-failed');
  });

  it('stay at the provider for a ban where the configuration says so, and are handed out to no service', async () => {
    await site.harness.close();
    await start({ revokeOnBan: false });
    await site.harness.identity.accounts.setBanned(site.userId, true);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_ACCOUNT_DISABLED' });
    await revokeAll();
    expect(site.grants.revoked).toEqual([]);
    await site.harness.identity.accounts.setBanned(site.userId, false);
    expect(await handOut()).toMatchObject({ token_type: 'Bearer' });
  });

  it('are revoked again after a failure, and given up in the end', async () => {
    site.grants.revocationStatus = 503;
    await site.harness.identity.accounts.deleteUser(site.userId);
    for (let round = 0; round < 15; round += 1) {
      await site.harness.identity.providerTokens.revokeEnded();
      site.harness.advance(5 * hour);
    }
    expect(site.grants.revoked).toHaveLength(10);
    expect(await detailsOf('provider.tokens-revoked')).toEqual([{ provider: 'acme', how: 'given-up' }]);
    expect(await rows()).toEqual([]);
  });

  it('are forgotten where the provider announces no revocation', async () => {
    site.standIn.lies.discovery = (document) => ({ ...document, revocation_endpoint: undefined });
    await site.harness.close();
    await start();
    await site.harness.identity.accounts.deleteUser(site.userId);
    await revokeAll();
    expect(await detailsOf('provider.tokens-revoked')).toEqual([{ provider: 'acme', how: 'not-announced' }]);
  });

  it.skipIf(!canRace())('are revoked by one of two gateways', async () => {
    const other = await openSecondGateway();
    try {
      await site.harness.identity.accounts.deleteUser(site.userId);
      await Promise.all([site.harness.identity, other].map(({ providerTokens }) => providerTokens.revokeEnded()));
      expect(site.grants.revoked).toEqual(['refresh-1']);
    } finally {
      await other.close();
    }
  });

  it('are not brought back by a refresh that comes back late', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    site.grants.held = promise;
    site.harness.advance(hour);
    const asked = handOut();
    while (site.grants.refreshed.length === 0) await new Promise((proceed) => setTimeout(proceed, 5));
    await site.harness.identity.accounts.deleteUser(site.userId);
    resolve();
    await expect(asked).rejects.toMatchObject({ code: 'SP_PROVIDER_NOT_CONNECTED' });
    expect((await rows()).every(({ state }) => state === 'ended')).toBe(true);
  });
});
