import { anonymous, freezePrincipal, type Caller, type ConnectedAppsAnswer } from '@sallyport/core';
import { canRace, onDatabase, type Answer, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeService, operate, partner, startOAuthHarness } from '../oauth.test-support.ts';
import { serveProvider, type ProviderSite, type SignedInUser, type SiteClient } from './provider-site.test-support.ts';

const agentUrl = 'https://agent.example/';
const email = 'ada@example.test';

describe(onDatabase('agents'), () => {
  let harness: Harness;
  let site: ProviderSite;
  let ada: SignedInUser;
  let app: SiteClient;
  let agent: SiteClient;
  beforeEach(async () => {
    harness = await startOAuthHarness();
    site = await serveProvider(harness);
    await harness.makeUser(email);
    ada = await site.signIn(email);
    app = await site.register('Assistant', { resources: [...partner.resources, agentUrl] });
    agent = await site.register('Shopping agent', agentOf({ homepage: 'https://agent.example/about' }));
  });
  afterEach(async () => {
    await site.close();
    await harness.close();
  });

  const agentOf = (change: object = {}): object => ({
    kind: 'agent',
    grantTypes: ['token_exchange'],
    redirectUris: [],
    scopes: ['product:read', 'product:delete'],
    serves: [agentUrl],
    backchannelLogoutUri: undefined,
    ...change,
  });
  const handOver = async (user = ada): Promise<string> =>
    (await site.authorize(app, user, agentUrl))['access_token'] ?? '';
  const exchange = async (subject: string, by = agent): Promise<string> => {
    const { status, body } = await site.exchange(by, subject);
    expect([status, body['error']]).toEqual([200, undefined]);
    return body['access_token'] ?? '';
  };
  const appsOf = async ({ caller }: SignedInUser): Promise<ConnectedAppsAnswer['apps']> =>
    ((await harness.call('GET', '/auth/account/apps', undefined, { caller })).body as ConnectedAppsAnswer).apps;
  const agentsOf = async (user: SignedInUser) => (await appsOf(user)).filter(({ kind }) => kind === 'agent');
  const withdraw = (handle: string, { caller }: SignedInUser = ada): Promise<Answer> =>
    harness.call('DELETE', `/auth/account/apps/${handle}`, undefined, { caller });
  const manage = (caller: Caller, method: string, path: string): Promise<Answer> =>
    harness.call(method, `/manage/oauth-agents/${path}`, undefined, { caller });
  const use = async (token: string, seconds = 0): Promise<void> => {
    harness.advance(seconds);
    for (const authenticator of harness.identity.authenticators) {
      const credential = authenticator.recognize({ header: 'authorization', value: `Bearer ${token}` });
      const outcome = credential === undefined ? undefined : await authenticator.authenticate(credential);
      if (outcome?.kind === 'authenticated')
        await authenticator.recordUse?.(outcome.caller.credentialId, harness.now());
    }
  };
  const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);

  it('are listed with host, permissions, sign-in and the app through which they act, apart from apps', async () => {
    const subject = await handOver();
    expect(await agentsOf(ada)).toEqual([]);
    await exchange(subject);
    expect(await agentsOf(ada)).toEqual([
      {
        clientId: agent.id,
        kind: 'agent',
        name: 'Shopping agent',
        host: 'agent.example',
        homepage: 'https://agent.example/about',
        allowedAt: harness.now().toISOString(),
        lastUsedAt: null,
        signIns: [
          {
            device: expect.any(String) as string,
            signedInAt: harness.now().toISOString(),
            isCurrent: true,
            through: 'Assistant',
          },
        ],
        scopes: [{ scope: 'product:read', description: 'Look at products' }],
      },
    ]);
    expect((await appsOf(ada)).map(({ name }) => name)).toEqual(['Assistant', 'Shopping agent']);
    expect(await eventsOf('oauth-delegation.begun')).toMatchObject([{ actor: agent.id, target: ada.id }]);
  });

  it('are at the address that they serve, where they say nothing else of it', async () => {
    const plain = await site.register('Plain agent', agentOf());
    await exchange(await handOver(), plain);
    expect(await agentsOf(ada)).toMatchObject([{ name: 'Plain agent', host: 'agent.example' }]);
  });

  it('say when they were last used, written once a minute', async () => {
    const token = await exchange(await handOver());
    await use(token, 5);
    const first = harness.now().toISOString();
    await use(token, 30);
    expect((await agentsOf(ada))[0]?.lastUsedAt).toBe(first);
    await use(token, 40);
    const shown = await appsOf(ada);
    expect(shown.map(({ lastUsedAt }) => lastUsedAt)).toEqual([
      harness.now().toISOString(),
      harness.now().toISOString(),
    ]);
  });

  it('are listed once for several sign-ins, and not in those that ended', async () => {
    await exchange(await handOver());
    const elsewhere = await site.signIn(email);
    await exchange(await handOver(elsewhere));
    expect((await agentsOf(elsewhere)).map(({ signIns }) => signIns.length)).toEqual([2]);
    await harness.call('POST', '/auth/sign-out', undefined, { caller: elsewhere.caller });
    const later = await site.signIn(email);
    expect((await agentsOf(later)).map(({ signIns }) => signIns.map(({ isCurrent }) => isCurrent))).toEqual([[false]]);
    await harness.makeUser('eve@example.test');
    expect(await agentsOf(await site.signIn('eve@example.test'))).toEqual([]);
  });

  it('end one by one: with tokens, in all sign-ins, for those that they handed tokens to, and not for others', async () => {
    const other = await site.register('Other agent', agentOf());
    const subject = await handOver();
    const elsewhere = await site.signIn(email);
    const [here, there, ofOther] = [
      await exchange(subject),
      await exchange(await handOver(elsewhere)),
      await exchange(subject, other),
    ];
    const heard = harness.heard.length;
    expect((await withdraw(agent.id)).status).toBe(204);
    expect(harness.heard.length - heard).toBe(2);
    expect([await site.isTaken(here), await site.isTaken(there), await site.isTaken(ofOther)]).toEqual([
      false,
      false,
      true,
    ]);
    expect((await agentsOf(ada)).map(({ name }) => name)).toEqual(['Other agent']);
    expect((await withdraw(agent.id)).status).toBe(404);
    expect((await site.exchange(agent, subject)).body['error']).toBe('invalid_request');
    expect(await eventsOf('oauth-consent.withdrawn')).toMatchObject([
      { actor: ada.id, target: ada.id, details: JSON.stringify({ clientId: agent.id }) },
    ]);
  });

  it('are not back in the sign-in in which they were ended, whichever app hands them a token', async () => {
    const other = await site.register('Planner', { resources: [...partner.resources, agentUrl] });
    await exchange(await handOver());
    expect((await withdraw(agent.id)).status).toBe(204);
    const handed = (await site.authorize(other, ada, agentUrl))['access_token'] ?? '';
    expect((await site.exchange(agent, handed)).body['error']).toBe('invalid_request');
    expect(await agentsOf(ada)).toEqual([]);
    const elsewhere = await site.signIn(email);
    await exchange((await site.authorize(other, elsewhere, agentUrl))['access_token'] ?? '');
  });

  it('are ended by no other user, and go with the account', async () => {
    const token = await exchange(await handOver());
    await harness.makeUser('eve@example.test');
    const eve = await site.signIn('eve@example.test');
    expect((await withdraw(agent.id, eve)).status).toBe(404);
    expect(await site.isTaken(token)).toBe(true);
    await harness.identity.accounts.deleteUser(ada.id);
    expect(await site.isTaken(token)).toBe(false);
    const left = await harness.database.records.findMany({
      model: 'sallyportOAuthArtifact',
      where: [{ field: 'subject', value: ada.id }],
    });
    expect(left).toEqual([]);
    // Answers that may have got lost hold an ID token, sealed.
    const where = [{ field: 'kind', value: 'TokenAnswer' }];
    expect(await harness.database.records.count({ model: 'sallyportOAuthArtifact', where })).toBe(0);
  });

  describe('at the API of servers', () => {
    it('are listed and ended by services that manage users, and by no other caller', async () => {
      const token = await exchange(await handOver());
      const { caller: manager } = await makeService(harness, 'desk', ['admin']);
      const { caller: registrar } = await makeService(harness, 'office', ['registrar']);
      const onBehalf = freezePrincipal({ ...manager, actor: { id: 'shop' } } as never);
      for (const [caller, status] of [
        [anonymous, 401],
        [ada.caller, 403],
        [registrar, 403],
        [onBehalf, 403],
      ] as const) {
        expect((await manage(caller, 'GET', ada.id)).status).toBe(status);
        expect((await manage(caller, 'DELETE', `${ada.id}/${agent.id}`)).status).toBe(status);
      }
      expect(await site.isTaken(token)).toBe(true);
      const listed = await manage(manager, 'GET', ada.id);
      expect((listed.body as ConnectedAppsAnswer).apps).toMatchObject([
        { name: 'Assistant' },
        { name: 'Shopping agent', signIns: [{ isCurrent: false, through: 'Assistant' }] },
      ]);
      for (const path of [`${ada.id}/none`, `none/${agent.id}`, `${ada.id}/a.b`])
        expect((await manage(manager, 'DELETE', path)).status).toBe(404);
      expect((await manage(manager, 'GET', 'none')).status).toBe(404);
      expect((await manage(manager, 'DELETE', `${ada.id}/${agent.id}`)).status).toBe(204);
      expect(await site.isTaken(token)).toBe(false);
    });

    it('are not ended for an account with more authority than the service has', async () => {
      const root = 'root@example.test';
      const id = await harness.makeUser(root, ['admin']);
      const token = await exchange(await handOver(await site.signIn(root)));
      const { caller } = await makeService(harness, 'narrow', ['admin'], ['user:manage']);
      const answer = await manage(caller, 'DELETE', `${id}/${agent.id}`);
      expect([answer.status, (answer.body as { readonly code: string }).code]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
      expect(await site.isTaken(token)).toBe(true);
      expect(await eventsOf('access.refused')).toMatchObject([{ target: id }]);
    });

    it.skipIf(!canRace())('are ended once by two requests at the same moment', async () => {
      await exchange(await handOver());
      const { caller } = await makeService(harness, 'desk', ['admin']);
      const answers = await Promise.all([1, 2].map(() => manage(caller, 'DELETE', `${ada.id}/${agent.id}`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 404]));
    });

    it('are not there where the configuration does not ask for it', async () => {
      const other = await startOAuthHarness({ oauthProvider: { clients: {} } });
      const { caller } = await makeService(other, 'desk', ['admin']);
      expect((await other.call('GET', `/manage/oauth-agents/${ada.id}`, undefined, { caller })).status).toBe(404);
      await other.close();
    });
  });

  it('follow their registration: an application that exchanges is among the apps', async () => {
    await exchange(await handOver());
    await operate(harness, 'oauth-clients/update', { id: agent.id, change: { kind: 'application' } });
    expect(await agentsOf(ada)).toEqual([]);
    expect(await appsOf(ada)).toHaveLength(2);
  });
});
