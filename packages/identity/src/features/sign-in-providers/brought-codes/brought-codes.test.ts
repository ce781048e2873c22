import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, makeAppOwner } from '../../second-factor/factor.test-support.ts';
import { onDatabase, startHarness, type Harness } from '../../../identity.test-support.ts';
import { createExternalIdentities } from '../external-identities.ts';
import { startProviderStandIn, type ProviderStandIn } from '../provider-stand-in.test-support.ts';
import { ada, beginCodeFlow, bring, codeFrom, redirectUri, startCodeHarness } from './brought-codes.test-support.ts';

const minute = 60;

let standIn: ProviderStandIn;
let harness: Harness;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  harness = await startCodeHarness(standIn);
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

async function reasons(): Promise<readonly unknown[]> {
  const events = await harness.events();
  const refused = events.filter(({ type }) => type === 'provider.sign-in-refused');
  return refused.map(({ details }) => (JSON.parse(String(details)) as { readonly reason: unknown }).reason);
}

describe(onDatabase('a program that brings the code of a provider'), () => {
  it('is led to the provider with its own challenge, a state and a nonce', async () => {
    const flow = await beginCodeFlow(harness);
    const asked = new URL(flow.location);
    expect(asked.origin).toBe(standIn.issuer);
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'sallyport',
      redirect_uri: redirectUri,
      code_challenge_method: 'S256',
      state: flow.state,
    });
    expect(asked.searchParams.get('nonce')?.length).toBe(43);
    expect(asked.href).not.toContain(flow.codeVerifier);
    expect(flow.expiresInSeconds).toBe(600);
  });

  it('leaves nothing behind before it brings a code', async () => {
    const before = await harness.dump();
    for (let round = 0; round < 20; round += 1) await beginCodeFlow(harness);
    expect(await harness.dump()).toBe(before);
  });

  it('gets first-party tokens for the account that the identity is connected to', async () => {
    const flow = await beginCodeFlow(harness);
    const answer = await bring(harness, flow, codeFrom(standIn, flow), { device: 'Ada’s phone' });
    expect([answer.status, answer.body]).toMatchObject([200, { token_type: 'Bearer', expires_in: 600 }]);
    expect(answer.cookie).toBeUndefined();
    expect(standIn.lastTokenRequest().get('redirect_uri')).toBe(redirectUri);
    const { refresh_token: refreshToken } = answer.body as { readonly refresh_token: string };
    const refreshed = await harness.call('POST', '/auth/token/refresh', { refresh_token: refreshToken });
    expect(refreshed.status).toBe(200);
    const account = await harness.identity.accounts.findByEmail(ada.email);
    const [session] = await harness.identity.accounts.listSessions(account?.id ?? '');
    expect(session).toMatchObject({ acr: 'pwd', device: { label: 'Ada’s phone' }, provider: { id: 'acme' } });
    expect(JSON.stringify(answer.body)).not.toContain('"at"');
  });

  it('is the same account as at the callback of the gateway', async () => {
    for (const path of ['/auth/token/provider', '/auth/sign-in/provider/code']) {
      const flow = await beginCodeFlow(harness);
      expect((await bring(harness, flow, codeFrom(standIn, flow), {}, path)).status).toBe(200);
    }
    expect(await harness.database.records.count({ model: 'user' })).toBe(1);
    expect(await harness.database.records.count({ model: 'sallyportExternalIdentity' })).toBe(1);
  });

  it('is asked for the second factor of the account, and gets tokens with its code', async () => {
    const { secret, id: userId } = await makeAppOwner(harness, ada.email);
    const { issuer } = standIn;
    const identity = { userId, provider: 'acme', issuer, subject: ada.sub, email: ada.email };
    await createExternalIdentities(harness.database.records).connect(identity, harness.now());
    const flow = await beginCodeFlow(harness);
    const answer = await bring(harness, flow, codeFrom(standIn, flow));
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'SP_SECOND_FACTOR_REQUIRED' }]);
    const { mfa_token } = answer.body as { readonly mfa_token: string };
    const completed = await harness.call('POST', '/auth/token/second-factor', {
      mfa_token,
      code: codeOf(harness, secret),
    });
    expect([completed.status, completed.body]).toMatchObject([200, { token_type: 'Bearer' }]);
  });

  it('is refused where the account is banned', async () => {
    const id = await harness.makeUser(ada.email);
    await harness.identity.accounts.setBanned(id, true);
    const flow = await beginCodeFlow(harness);
    const answer = await bring(harness, flow, codeFrom(standIn, flow));
    expect([answer.status, answer.body]).toMatchObject([400, { error: 'invalid_grant', code: 'SP_ACCOUNT_DISABLED' }]);
    expect(await reasons()).toEqual(['banned']);
  });

  it('is told to confirm an address that the provider did not prove, and gets no tokens', async () => {
    const flow = await beginCodeFlow(harness);
    const answer = await bring(harness, flow, codeFrom(standIn, flow, { ...ada, email_verified: false }));
    expect([answer.status, answer.body]).toMatchObject([400, { error: 'invalid_grant', code: 'SP_EMAIL_UNVERIFIED' }]);
    expect((await harness.mailTo(ada.email, 1))[0]?.kind).toBe('provider-confirm-address');
  });

  it.each(['/auth/token/provider', '/auth/sign-in/provider/code'])(
    'is answered alike whether an unproved address has an account, and takes as long: %s',
    async (path) => {
      await harness.close();
      const waits: number[] = [];
      harness = await startCodeHarness(
        standIn,
        {},
        { answerFloorMilliseconds: 300_000, wait: async (milliseconds) => waits.push(milliseconds) },
      );
      await harness.makeUser('bob@example.test');
      const answers: unknown[] = [];
      for (const name of ['bob', 'eve']) {
        waits.length = 0;
        const person = { sub: name, email: `${name}@example.test`, email_verified: false };
        const flow = await beginCodeFlow(harness);
        const { status, body, cookie } = await bring(harness, flow, codeFrom(standIn, flow, person), {}, path);
        answers.push([status, body, cookie]);
        expect(Math.max(...waits)).toBeGreaterThan(200_000);
      }
      expect(answers[0]).toEqual(answers[1]);
    },
  );

  it('finds no such address where the installation makes no tokens', async () => {
    await harness.close();
    const { issuer, clientId, clientSecret } = standIn;
    const acme = { name: 'Acme', issuer, clientId, redirectUris: [redirectUri], trustedEmailDomains: '*' as const };
    harness = await startHarness({
      providerSecrets: () => new Map([['acme', clientSecret]]),
      features: { signInProviders: { oidc: { acme } } },
    });
    const flow = await beginCodeFlow(harness);
    const answer = codeFrom(standIn, flow);
    expect((await bring(harness, flow, answer)).status).toBe(404);
    // Nothing was used up by that.
    expect((await bring(harness, flow, answer, {}, '/auth/sign-in/provider/code')).status).toBe(200);
  });
});

describe(onDatabase('a browser whose page brings the code of a provider'), () => {
  it('gets a session cookie, and no token', async () => {
    const flow = await beginCodeFlow(harness);
    const returnTo = '/orders';
    const answer = await bring(harness, flow, codeFrom(standIn, flow), { returnTo }, '/auth/sign-in/provider/code');
    expect(answer.body).toMatchObject({ status: 'signed-in', user: { email: ada.email }, returnTo });
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({ kind: 'user', acr: 'pwd', amr: ['fed'] });
    expect(answer.text).not.toContain('access_token');
  });

  it('is led back to no other site', async () => {
    const flow = await beginCodeFlow(harness);
    const returnTo = 'https://evil.test/';
    const answer = await bring(harness, flow, codeFrom(standIn, flow), { returnTo }, '/auth/sign-in/provider/code');
    expect(answer.body).toMatchObject({ returnTo: '/' });
  });
});

describe(onDatabase('a flow of a client'), () => {
  it.each([
    { name: 'for an address that is not listed', change: { redirectUri: 'https://evil.test/back' } },
    { name: 'for a listed address with another path', change: { redirectUri: `${redirectUri}/deeper` } },
    { name: 'for a listed address with a query', change: { redirectUri: 'https://shop.example.test/back?x=1' } },
    { name: 'for a listed address in another case', change: { redirectUri: 'https://shop.example.test/Back' } },
    { name: 'without a challenge', change: { codeChallenge: undefined } },
    { name: 'with a challenge that is none', change: { codeChallenge: 'plain' } },
  ])('is not begun $name', async ({ change }) => {
    await expect(beginCodeFlow(harness, change)).rejects.toThrow('SP_VALIDATION_FAILED');
  });

  it('is not begun at a provider that the configuration does not have', async () => {
    await expect(beginCodeFlow(harness, { provider: 'other' })).rejects.toThrow('SP_NOT_FOUND');
  });

  it('takes no code of another flow: a provider with PKCE refuses it', async () => {
    const mine = await beginCodeFlow(harness);
    const theirs = codeFrom(standIn, await beginCodeFlow(harness), { ...ada, sub: 'eve-1' });
    const answer = await bring(harness, mine, { ...theirs, state: mine.state });
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { error: 'invalid_grant', code: 'SP_PROVIDER_UNTRUSTED' },
    ]);
    expect(await reasons()).toEqual(['code-refused']);
  });

  it('takes no code of another flow: its nonce differs where a provider looks at no challenge', async () => {
    const mine = await beginCodeFlow(harness);
    const answer = codeFrom(standIn, mine);
    standIn.lies.claims = (claims) => ({ ...claims, nonce: 'n'.repeat(43) });
    expect((await bring(harness, mine, answer)).status).toBe(400);
    expect(await reasons()).toEqual(['id-token-nonce-wrong']);
  });

  it.each([
    { name: 'the state of another flow', change: { state: 's'.repeat(43) }, reason: 'flow-of-another-client' },
    { name: 'another verifier', change: { codeVerifier: 'v'.repeat(43) }, reason: 'code-verifier-wrong' },
    { name: 'a flow that was made up', change: { flow: 'made-up' }, reason: 'flow-unknown' },
  ])('is refused with $name, and the code is sent nowhere', async ({ change, reason }) => {
    const flow = await beginCodeFlow(harness);
    const answer = codeFrom(standIn, flow);
    const refused = await bring(harness, flow, answer, change);
    expect([refused.status, refused.body]).toMatchObject([400, { code: 'SP_PROVIDER_FLOW_INVALID' }]);
    expect([await reasons(), standIn.seen.token]).toEqual([[reason], 0]);
    // Its owner goes on.
    expect((await bring(harness, flow, answer)).status).toBe(200);
  });

  it.each([
    { name: 'another issuer (mix-up)', iss: 'https://evil.test', reason: 'response-iss-wrong' },
    { name: 'no issuer although the provider announces one', iss: undefined, reason: 'response-iss-missing' },
  ])('is refused with $name', async ({ iss, reason }) => {
    const flow = await beginCodeFlow(harness);
    expect((await bring(harness, flow, codeFrom(standIn, flow), { iss })).status).toBe(400);
    expect([await reasons(), standIn.seen.token]).toEqual([[reason], 0]);
  });

  it('is refused after ten minutes', async () => {
    const flow = await beginCodeFlow(harness);
    const answer = codeFrom(standIn, flow);
    harness.advance(10 * minute + 1);
    expect((await bring(harness, flow, answer)).status).toBe(400);
    expect(await reasons()).toEqual(['flow-expired']);
  });

  it('is used once, also with another code', async () => {
    const flow = await beginCodeFlow(harness);
    expect((await bring(harness, flow, codeFrom(standIn, flow))).status).toBe(200);
    const again = await bring(harness, flow, codeFrom(standIn, flow));
    expect([again.status, again.body]).toMatchObject([400, { code: 'SP_PROVIDER_FLOW_INVALID' }]);
    expect([await reasons(), standIn.seen.token]).toEqual([['callback-replayed'], 1]);
  });

  it('is used by one of twenty requests that bring its code at the same moment', async () => {
    const flow = await beginCodeFlow(harness);
    const answer = codeFrom(standIn, flow);
    const paths = ['/auth/token/provider', '/auth/sign-in/provider/code'];
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bring(harness, flow, answer, {}, paths[index % 2])),
    );
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 19 }, () => 400),
    ]);
    expect(standIn.seen.token).toBe(1);
    expect(await harness.database.records.count({ model: 'sallyportExternalIdentity' })).toBe(1);
  });

  it('of one provider is redeemed at that one alone', async () => {
    const other = await startProviderStandIn();
    try {
      await harness.close();
      const section = ({ issuer, clientId }: ProviderStandIn) => ({
        name: 'One',
        issuer,
        clientId,
        redirectUris: [redirectUri],
      });
      harness = await startCodeHarness(
        standIn,
        {},
        {
          providerSecrets: () =>
            new Map([
              ['acme', standIn.clientSecret],
              ['other', other.clientSecret],
            ]),
          features: { signInProviders: { oidc: { acme: section(standIn), other: section(other) } } },
        },
      );
      const mine = await beginCodeFlow(harness);
      const theirs = codeFrom(other, await beginCodeFlow(harness, { provider: 'other' }));
      expect((await bring(harness, mine, theirs)).status).toBe(400);
      expect((await bring(harness, mine, { ...theirs, state: mine.state })).status).toBe(400);
      expect([await reasons(), standIn.seen.token]).toEqual([['flow-of-another-client', 'response-iss-wrong'], 0]);
    } finally {
      await other.close();
    }
  });

  it('is not looked at any more from a network that brought too many', async () => {
    const flow = { flow: 'made-up', codeVerifier: 'v'.repeat(43) };
    const brought = { state: 'x', code: 'y' };
    for (let round = 0; round < 200; round += 1) await bring(harness, flow, brought);
    for (let round = 0; round < 5; round += 1) expect((await bring(harness, flow, brought)).status).toBe(429);
    expect(await reasons()).toHaveLength(201);
  });

  it('has errors in the words of RFC 6749 where tokens are asked for', async () => {
    const refused = await bring(harness, { flow: 'x', codeVerifier: 'v'.repeat(43) }, { state: 'x', code: 'y' });
    expect(refused.body).toMatchObject({ error: 'invalid_grant', code: 'SP_PROVIDER_FLOW_INVALID' });
  });
});
