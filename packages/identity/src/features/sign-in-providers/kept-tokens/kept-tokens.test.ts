import { describe, expect, it } from 'vitest';
import { createSealer } from '@sallyport/stores';
import { features } from '../../../features.ts';
import { firstSecret, onDatabase } from '../../../identity.test-support.ts';
import { begin, openBrowser, signInAt, startProviderHarness } from '../provider.test-support.ts';
import { sealedTokenColumn } from './kept-token-table.ts';
import { hour, useKeptTokens } from './kept-tokens.test-support.ts';

const site = useKeptTokens();
const { signIn, handOut, rows, eventsOf, detailsOf } = site;

describe(onDatabase('the tokens of a provider'), () => {
  it('are asked for with the scopes and the consent that the configuration says', async () => {
    const asked = new URL(await begin(openBrowser(site.harness))).searchParams;
    expect(asked.get('scope')).toBe('openid profile email files.read offline_access');
    expect(asked.get('prompt')).toBe('consent');
  });

  it('are handed out without the refresh token, and are nowhere in clear', async () => {
    expect(await handOut()).toEqual({
      provider: 'acme',
      access_token: 'access-1',
      token_type: 'Bearer',
      expires_at: expect.any(String) as string,
      scope: 'openid files.read',
    });
    expect(await site.harness.dump()).not.toMatch(/access-1|refresh-1/);
    expect(site.harness.logLines.join('\n')).not.toMatch(/access-1|refresh-1/);
  });

  it('are sealed for what a change of the root secret reads of their row', async () => {
    const [row = {}] = await rows();
    const sealer = createSealer([firstSecret])(sealedTokenColumn.purpose);
    const opened = sealer.open(String(row['sealed']), sealedTokenColumn.contextOf(row));
    expect(JSON.parse(opened)).toEqual({ accessToken: 'access-1', refreshToken: 'refresh-1' });
    expect(features.sealedColumns).toContain(sealedTokenColumn);
  });

  it('that cannot be opened any more ask for another sign-in, which works', async () => {
    await site.harness.database.records.updateMany({
      model: 'sallyportProviderToken',
      where: [{ field: 'userId', value: site.userId }],
      update: { sealed: 'of-a-secret-that-is-gone' },
    });
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED' });
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'unreadable' }]);
    await signIn();
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('that cannot be opened any more hold up no sign-in', async () => {
    await site.harness.database.records.updateMany({
      model: 'sallyportProviderToken',
      where: [{ field: 'userId', value: site.userId }],
      update: { sealed: 'of-a-secret-that-is-gone' },
    });
    await signIn();
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('are not kept where the configuration does not ask for it', async () => {
    await site.harness.close();
    site.harness = await startProviderHarness(site.standIn);
    await signIn();
    expect(await rows()).toEqual([]);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_NOT_FOUND', reason: 'provider-tokens-not-kept' });
  });

  it('of another sign-in take the place of those before', async () => {
    await signIn();
    expect(await rows()).toHaveLength(1);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('keep their refresh token where another sign-in gives none', async () => {
    site.grants.isStatic = true;
    await signIn();
    site.harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
    expect(site.grants.refreshed).toEqual(['refresh-1']);
  });

  it('of an address that is not proved yet are not kept', async () => {
    const eve = { sub: 'eve-1', email: 'eve@example.test', email_verified: false };
    await signInAt(site.standIn, openBrowser(site.harness), eve);
    expect(await rows()).toHaveLength(1);
  });

  it.each([
    { name: 'at a provider that there is not', provider: 'other', code: 'SP_NOT_FOUND' },
    { name: 'of a user who connected none', provider: 'acme', code: 'SP_PROVIDER_NOT_CONNECTED' },
  ])('$name are not handed out', async ({ provider, code }) => {
    if (provider === 'acme') site.userId = await site.harness.makeUser('bob@example.test');
    await expect(handOut('shop', provider)).rejects.toMatchObject({ code });
  });

  it('are reported when a service gets them: once in ten minutes, with a count', async () => {
    for (let round = 0; round < 5; round += 1) await handOut();
    await handOut('files');
    site.harness.advance(600);
    await handOut();
    const details = await detailsOf('provider.token-handed-out');
    expect(details).toEqual([
      { provider: 'acme', audience: 'shop', alsoBefore: 0 },
      { provider: 'acme', audience: 'files', alsoBefore: 0 },
      { provider: 'acme', audience: 'shop', alsoBefore: 4 },
    ]);
    expect((await eventsOf('provider.token-handed-out'))[0]).toMatchObject({
      actor: site.userId,
      requestId: 'req-test',
    });
  });
});
