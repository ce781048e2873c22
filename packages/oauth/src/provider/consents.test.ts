import type { ConnectedAppsAnswer } from '@sallyport/core';
import { onDatabase, type Answer, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOAuthHarness } from '../oauth.test-support.ts';
import { serveProvider, type ProviderSite, type SignedInUser, type SiteClient } from './provider-site.test-support.ts';

let harness: Harness;
let site: ProviderSite;
let ada: SignedInUser;
let client: SiteClient;
beforeEach(async () => {
  harness = await startOAuthHarness();
  site = await serveProvider(harness);
  await harness.makeUser('ada@example.test');
  ada = await site.signIn('ada@example.test');
  client = await site.register('Acme Reports', { homepage: 'https://reports.acme.example/' });
});
afterEach(async () => {
  await site.close();
  await harness.close();
});

const appsOf = async ({ caller }: SignedInUser): Promise<ConnectedAppsAnswer['apps']> =>
  ((await harness.call('GET', '/auth/account/apps', undefined, { caller })).body as ConnectedAppsAnswer).apps;
const withdraw = ({ caller }: SignedInUser, id: string): Promise<Answer> =>
  harness.call('DELETE', `/auth/account/apps/${id}`, undefined, { caller });
const signOut = ({ caller }: SignedInUser): Promise<Answer> =>
  harness.call('POST', '/auth/sign-out', undefined, { caller });

describe(onDatabase('the apps that a user let in'), () => {
  it('are listed with what they may do, in words', async () => {
    expect(await appsOf(ada)).toEqual([]);
    await site.authorize(client, ada);
    expect(await appsOf(ada)).toEqual([
      {
        clientId: client.id,
        kind: 'application',
        name: 'Acme Reports',
        host: 'reports.acme.example',
        homepage: 'https://reports.acme.example/',
        allowedAt: harness.now().toISOString(),
        lastUsedAt: null,
        signIns: [{ device: expect.any(String) as string, signedInAt: harness.now().toISOString(), isCurrent: true }],
        scopes: [
          { scope: 'openid', description: 'Know that you are the same person each time you sign in' },
          { scope: 'offline_access', description: 'Stay connected while you are not there, until your sign-in ends' },
          { scope: 'product:read', description: 'Look at products' },
        ],
      },
    ]);
  });

  it('are listed once for all sign-ins, and no more when those end', async () => {
    await site.authorize(client, ada);
    const elsewhere = await site.signIn('ada@example.test');
    await site.authorize(client, elsewhere);
    expect(await appsOf(ada)).toHaveLength(1);
    await signOut(elsewhere);
    expect(await appsOf(ada)).toHaveLength(1);
    const later = await site.signIn('ada@example.test');
    await signOut(ada);
    expect(await appsOf(later)).toEqual([]);
  });

  it('are none where the user refused, and none of another user or of the product itself', async () => {
    const question = await site.ask(client, ada);
    await site.decide(question, 'deny', ada);
    await site.resume(question, ada);
    expect(await appsOf(ada)).toEqual([]);
    await site.authorize(client, ada);
    await harness.makeUser('eve@example.test');
    const eve = await site.signIn('eve@example.test');
    expect(await appsOf(eve)).toEqual([]);
  });

  it('are told to users who are signed in, and changed by them', async () => {
    expect((await harness.call('GET', '/auth/account/apps')).status).toBe(401);
    expect((await harness.call('DELETE', `/auth/account/apps/${client.id}`)).status).toBe(401);
  });
});

describe(onDatabase('an app whose access is taken back'), () => {
  it('loses every grant and token, in all sign-ins of its user', async () => {
    const here = await site.authorize(client, ada);
    const elsewhere = await site.signIn('ada@example.test');
    const there = await site.authorize(client, elsewhere);
    expect((await withdraw(ada, client.id)).status).toBe(204);
    for (const { access_token: access = '', refresh_token: refresh = '' } of [here, there]) {
      expect(await site.isTaken(access)).toBe(false);
      expect((await site.refresh(client, refresh)).status).toBe(400);
    }
    expect(await appsOf(ada)).toEqual([]);
    expect((await harness.events()).filter(({ type }) => type === 'oauth-consent.withdrawn')).toMatchObject([
      { actor: ada.id, target: ada.id, details: JSON.stringify({ clientId: client.id }) },
    ]);
  });

  it('cannot use a code that it had not used yet', async () => {
    const question = await site.ask(client, ada);
    await site.decide(question, 'allow', ada);
    const code = (await site.resume(question, ada)).searchParams.get('code') ?? '';
    expect((await withdraw(ada, client.id)).status).toBe(204);
    expect((await site.redeem(client, code, question.verifier)).status).toBe(400);
  });

  it('has to ask again, and every cache of gateways has heard', async () => {
    await site.authorize(client, ada);
    const heard = harness.heard.length;
    await withdraw(ada, client.id);
    expect(harness.heard.slice(heard)).toMatchObject([{ event: { kind: 'client', reason: 'grant-ended' } }]);
    await expect(site.ask(client, ada)).resolves.toMatchObject({ uid: expect.any(String) as unknown });
    expect((await site.authorize(client, ada))['access_token']).toBeTypeOf('string');
    expect(await appsOf(ada)).toHaveLength(1);
  });

  it('leaves other apps, other users, and the sign-in itself', async () => {
    const other = await site.register('Books');
    const kept = await site.authorize(other, ada);
    await harness.makeUser('eve@example.test');
    const eve = await site.signIn('eve@example.test');
    const ofEve = await site.authorize(client, eve);
    await site.authorize(client, ada);
    await withdraw(ada, client.id);
    expect(await site.isTaken(kept['access_token'] ?? '')).toBe(true);
    expect(await site.isTaken(ofEve['access_token'] ?? '')).toBe(true);
    expect((await appsOf(ada)).map(({ name }) => name)).toEqual(['Books']);
  });

  it('is not found where it has nothing', async () => {
    await site.authorize(client, ada);
    for (const id of ['client_00000000000000000000', 'none', '..', '%2e%2e%2fproviders'])
      expect((await withdraw(ada, id)).status).toBe(404);
    expect(await appsOf(ada)).toHaveLength(1);
  });

  it('is not found where it is let in by another user alone', async () => {
    await harness.makeUser('eve@example.test');
    const eve = await site.signIn('eve@example.test');
    await site.authorize(client, eve);
    expect((await withdraw(ada, client.id)).status).toBe(404);
    expect(await appsOf(eve)).toHaveLength(1);
  });
});
