import { canRace, onDatabase, type Harness } from '@sallyport/identity/test-support/harness';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOAuthHarness } from '../oauth.test-support.ts';
import { commandLine, createDeviceSite } from '../device-flow/device-site.test-support.ts';
import { serveProvider, type ProviderSite, type SignedInUser, type SiteClient } from './provider-site.test-support.ts';

const email = 'ada@example.test';
const sorted = (answers: readonly { readonly status: number }[]): readonly number[] =>
  answers.map(({ status }) => status).toSorted((one, other) => one - other);
const times = <Result>(count: number, make: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

// A MongoDB that is no replica set has no transactions: every promise that holds with them has to hold without.
describe.each([
  { name: 'with transactions', withoutTransactions: false },
  { name: 'without transactions', withoutTransactions: true },
])(onDatabase('requests to the provider at the same moment, $name'), ({ withoutTransactions }) => {
  let harness: Harness;
  let site: ProviderSite;
  let user: SignedInUser;
  let client: SiteClient;
  beforeEach(async () => {
    harness = await startOAuthHarness({ withoutTransactions });
    site = await serveProvider(harness);
    await harness.makeUser(email);
    user = await site.signIn(email);
    client = await site.register('Acme Reports');
  });
  afterEach(async () => {
    await site.close();
    await harness.close();
  });

  const countEvents = async (type: string): Promise<number> =>
    (await harness.events()).filter((event) => event['type'] === type).length;
  const withdraw = (clientId = client.id) =>
    harness.call('DELETE', `/auth/account/apps/${clientId}`, undefined, { caller: user.caller });

  it('have a test for every route of the provider that changes something', () => {
    const served = harness.identity.app.routes
      .filter(
        ({ method, path }) =>
          !['ALL', 'GET', 'HEAD'].includes(method) && /^\/auth\/(oauth|device|account\/apps)/.test(path),
      )
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(served)].toSorted()).toEqual([
      'DELETE /auth/account/apps/:clientId',
      'POST /auth/device/decision',
      'POST /auth/device/request',
      'POST /auth/oauth/:uid/decision',
    ]);
  });

  it.skipIf(!canRace())('take one answer of a user, and the client is given that one', async () => {
    for (let round = 0; round < 3; round += 1) {
      const question = await site.ask(client, user);
      const decisions = ['allow', 'deny', 'allow', 'deny', 'allow', 'deny'] as const;
      const answers = await Promise.all(decisions.map((decision) => site.decide(question, decision, user)));
      expect(sorted(answers)).toEqual([200, 409, 409, 409, 409, 409]);
      const taken = decisions[answers.findIndex(({ status }) => status === 200)];
      const back = await site.resume(question, user);
      expect(back.searchParams.has('code')).toBe(taken === 'allow');
      expect(back.searchParams.get('error')).toBe(taken === 'allow' ? null : 'access_denied');
      expect((await countEvents('oauth-consent.given')) + (await countEvents('oauth-consent.refused'))).toBe(round + 1);
    }
  });

  it.skipIf(!canRace())('give one answer for a code, and one successor of a refresh token', async () => {
    const question = await site.ask(client, user);
    await site.decide(question, 'allow', user);
    const code = (await site.resume(question, user)).searchParams.get('code') ?? '';
    const redeemed = await times(8, () => site.redeem(client, code, question.verifier));
    expect(new Set(sorted(redeemed))).toEqual(new Set([200]));
    expect(new Set(redeemed.map(({ body }) => body['refresh_token'])).size).toBe(1);
    const first = redeemed[0]?.body['refresh_token'] ?? '';
    const refreshed = await times(20, () => site.refresh(client, first));
    expect(new Set(sorted(refreshed))).toEqual(new Set([200]));
    expect(new Set(refreshed.map(({ body }) => body['refresh_token'])).size).toBe(1);
    expect((await site.refresh(client, refreshed[0]?.body['refresh_token'] ?? '')).status).toBe(200);
  });

  it('leave no refresh token behind where they are refused', async () => {
    // It is registered for another resource, which its user was not asked for.
    client = await site.register('Acme Planner', { resources: ['http://localhost:3000/', 'https://other.example/'] });
    const { refresh_token: token = '' } = await site.authorize(client, user);
    const where = [{ field: 'kind', value: 'RefreshToken' }];
    const count = () => harness.database.records.count({ model: 'sallyportOAuthArtifact', where });
    const before = await count();
    const form = { grant_type: 'refresh_token', refresh_token: token, resource: 'https://other.example/' };
    for (let round = 0; round < 3; round += 1)
      expect(await site.post('/oauth2/token', client, form)).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      });
    expect(await count()).toBe(before);
    expect((await site.refresh(client, token)).status).toBe(200);
  });

  it.skipIf(!canRace())('make one code of a pushed request, in however many windows it is answered', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { requestUri, verifier } = await site.push(client);
      const questions = await times(4, () => site.askPushed(client, user, requestUri));
      await Promise.all(questions.map((question) => site.decide(question, 'allow', user)));
      const backs = await Promise.all(questions.map((question) => site.resume(question, user)));
      const codes = backs.flatMap((back) => back.searchParams.get('code') ?? []);
      expect(codes).toHaveLength(1);
      expect(new Set(backs.map((back) => back.searchParams.get('error')))).toEqual(
        new Set([null, 'invalid_request_uri']),
      );
      expect((await site.redeem(client, codes[0] ?? '', verifier)).status).toBe(200);
      await expect(site.askPushed(client, user, requestUri)).rejects.toThrow('no question');
    }
  });

  it.skipIf(!canRace())('take a proof of possession once', async () => {
    const machine = await site.register('Robot', {
      grantTypes: ['client_credentials'],
      redirectUris: [],
      backchannelLogoutUri: undefined,
      scopes: ['product:read'],
    });
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const proof = await new SignJWT({ htm: 'POST', htu: 'http://localhost:3000/oauth2/token' })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
      .setJti('one')
      .setIssuedAt()
      .sign(privateKey);
    const answers = await times(8, () => site.actAlone(machine, proof));
    expect(sorted(answers)).toEqual([200, 400, 400, 400, 400, 400, 400, 400]);
    expect((await site.actAlone(machine, proof)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it.skipIf(!canRace())('take one answer for a device, which is given that one, and leaves one sign-in', async () => {
    const cli = await site.register('Acme CLI', commandLine);
    const device = createDeviceSite(harness, site);
    for (let round = 0; round < 3; round += 1) {
      const { deviceCode, userCode } = await device.begin(cli);
      const decisions = ['allow', 'deny', 'allow', 'deny', 'allow', 'allow'] as const;
      const answers = await Promise.all(decisions.map((decision) => device.answer(userCode, decision, user)));
      const taken = decisions.filter((_, index) => answers[index]?.status === 200);
      expect(taken).toHaveLength(1);
      // Late ones find a code that was answered, and the others lose the race for it.
      expect(answers.filter(({ status }) => status === 404 || status === 409)).toHaveLength(5);
      const isAllowed = taken[0] === 'allow';
      expect((await device.poll(cli, deviceCode)).body['error']).toBe(isAllowed ? undefined : 'access_denied');
      expect((await countEvents('oauth-device.allowed')) + (await countEvents('oauth-device.refused'))).toBe(round + 1);
      const live = await harness.sessions.listLive(user.id, harness.now());
      const programs = live.filter(({ credential }) => credential === 'bearer');
      expect(programs).toHaveLength(isAllowed ? 1 : 0);
      for (const { sid } of programs)
        await harness.call('DELETE', `/auth/sessions/${sid}`, undefined, { caller: user.caller });
    }
  });

  it.skipIf(!canRace())('give one answer for the code of a device, at two gateways', async () => {
    const cli = await site.register('Acme CLI', commandLine);
    const other = await serveProvider(harness);
    const device = createDeviceSite(harness, site);
    const elsewhere = createDeviceSite(harness, other);
    const { deviceCode, userCode } = await device.begin(cli);
    await times(6, () => device.look(userCode, user));
    await device.answer(userCode, 'allow', user);
    const polled = await times(10, (index) => (index % 2 === 0 ? device : elsewhere).poll(cli, deviceCode));
    expect(new Set(sorted(polled))).toEqual(new Set([200]));
    expect(new Set(polled.map(({ body }) => body['refresh_token'])).size).toBe(1);
    expect((await site.refresh(cli, polled[0]?.body['refresh_token'] ?? '')).status).toBe(200);
    await other.close();
  });

  it.skipIf(!canRace())('take consent back once', async () => {
    await site.authorize(client, user);
    expect(sorted(await times(2, () => withdraw()))).toEqual([204, 404]);
    if (!withoutTransactions) expect(await countEvents('oauth-consent.withdrawn')).toBe(1);
    expect((await withdraw()).status).toBe(404);
  });

  it.skipIf(!canRace())('leave nothing that works of a grant that is taken back while it is used', async () => {
    for (let round = 0; round < 3; round += 1) {
      const tokens = await site.authorize(client, user);
      const [, refreshed] = await Promise.all([withdraw(), site.refresh(client, tokens['refresh_token'] ?? '')]);
      for (const { access_token: access = '', refresh_token: next = '' } of [tokens, refreshed.body]) {
        expect(access === '' || !(await site.isTaken(access))).toBe(true);
        if (next !== '') expect((await site.refresh(client, next)).status).toBe(400);
      }
    }
  });

  describe('of an agent', () => {
    const agentUrl = 'https://agent.example/';
    let agent: SiteClient;
    beforeEach(async () => {
      client = await site.register('Assistant', { resources: [agentUrl] });
      agent = await site.register('Agent', {
        kind: 'agent',
        grantTypes: ['token_exchange'],
        redirectUris: [],
        scopes: ['product:read'],
        resources: ['http://localhost:3000/'],
        serves: [agentUrl],
        backchannelLogoutUri: undefined,
      });
    });
    const handOver = async (): Promise<string> => (await site.authorize(client, user, agentUrl))['access_token'] ?? '';

    it.skipIf(!canRace())('get tokens that are worth nothing once the agent or its app was ended', async () => {
      for (const ended of [agent, client, agent]) {
        user = await site.signIn(email);
        const subject = await handOver();
        const [answers, first] = await Promise.all([times(4, () => site.exchange(agent, subject)), withdraw(ended.id)]);
        // Where the end came before there was anything to end, there is something now.
        const second = await withdraw(ended.id);
        expect([first.status, second.status]).toContain(204);
        for (const { status: given, body } of answers) {
          expect([200, 400]).toContain(given);
          expect(await site.isTaken(body['access_token'] ?? '')).toBe(false);
        }
        expect((await site.exchange(agent, subject)).status).toBe(400);
      }
    });

    it.skipIf(!canRace())('keep one row, however many tokens are exchanged', async () => {
      const subject = await handOver();
      const answers = await times(6, () => site.exchange(agent, subject));
      expect(sorted(answers)).toEqual([200, 200, 200, 200, 200, 200]);
      const where = [{ field: 'kind', value: 'Delegation' }];
      expect(await harness.database.records.count({ model: 'sallyportOAuthArtifact', where })).toBe(1);
    });
  });

  it('lead back to the client where a process died in the middle of an answer', async () => {
    const question = await site.ask(client, user);
    await harness.database.records.updateMany({
      model: 'sallyportOAuthArtifact',
      where: [{ field: 'kind', value: 'Interaction' }],
      update: { consumedAt: harness.now() },
    });
    harness.advance(30);
    const options = { caller: user.caller, headers: { cookie: question.cookie } };
    const asked = await harness.call('GET', `/auth/oauth/${question.uid}/request`, undefined, options);
    // The page says that the request is over: nothing that its form could send would be taken.
    expect(asked).toMatchObject({ status: 404 });
    expect((await site.authorize(client, user))['access_token']).toBeTypeOf('string');
  });
});
