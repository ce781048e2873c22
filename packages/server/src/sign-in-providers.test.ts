import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

const apple = { clientId: 'com.example.web', teamId: 'TEAM', keyId: 'KEY' };
const section = { google: { clientId: 'g-1' }, apple };
const secrets = { SALLYPORT_PROVIDER_SECRETS: 'google=first-secret apple=c2Vjb25k' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

describe('the callback of identity providers at the gateway', () => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway({ config: { signInProviders: section }, environment: secrets });
  });
  afterAll(() => test.close());

  const crossSite = {
    origin: 'https://appleid.apple.com',
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };

  it('takes the post of another site, and leads on with a cookie that scripts do not read', async () => {
    const answer = await send(
      `${test.origin}/auth/callback/apple`,
      'POST',
      { ...form, ...crossSite },
      'code=c&state=s',
    );
    expect([answer.status, answer.headers.location]).toEqual([303, '/auth/callback/apple']);
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^sallyport-\d+-answer=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('leads a reader to the sign-in page, and says nothing of what came', async () => {
    const answer = await send(`${test.origin}/auth/callback/google?code=secret-code&state=s`, 'GET', crossSite);
    expect([answer.status, answer.headers.location]).toEqual([
      303,
      '/auth/sign-in?provider=google&refused=SP_PROVIDER_FLOW_INVALID',
    ]);
    expect(JSON.stringify(test.lines)).not.toContain('secret-code');
    expect(test.lines.map(({ fields }) => fields['reason'])).toContain('flow-unknown');
  });

  it('looks at no session: a request of another site speaks for none', async () => {
    const cookie = await test.signIn();
    const headers = { ...crossSite, ...form, cookie };
    await send(`${test.origin}/auth/callback/apple`, 'POST', headers, 'code=c&state=s');
    expect((await test.get('/auth/session', { cookie })).status).toBe(200);
    const session = (await (await test.get('/auth/session', { cookie })).json()) as { readonly status: string };
    expect(session.status).toBe('signed-in');
  });

  it.each(['/auth/sign-in/provider', '/auth/account/providers', '/auth/step-up/provider'])(
    'does not open %s to other sites',
    async (path) => {
      const headers = { 'content-type': 'application/json', ...crossSite, 'sec-fetch-mode': 'cors' };
      const answer = await send(test.origin + path, 'POST', headers, JSON.stringify({ provider: 'google' }));
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([403, { code: 'SP_CROSS_SITE_REQUEST' }]);
    },
  );

  it('lists the providers for pages', async () => {
    expect(await (await test.get('/auth/providers')).json()).toEqual({
      providers: [
        { id: 'google', name: 'Google', kind: 'google' },
        { id: 'apple', name: 'Apple', kind: 'apple' },
      ],
    });
  });
});

describe('the start of a gateway with identity providers', () => {
  const start = async (environment: Readonly<Record<string, string>>, config = section): Promise<TestGateway> =>
    startTestGateway({ config: { signInProviders: config }, environment });

  it.each([
    { name: 'one has no secret', value: 'google=first-secret', problem: 'has no secret for the provider "apple"' },
    { name: 'there are none', value: '', problem: 'has no secret for the provider "google"' },
    { name: 'one comes twice', value: 'google=a google=b apple=c', problem: 'has the secret "google" twice' },
    { name: 'one has no name', value: 'first-secret', problem: 'has no name=secret as item 1' },
  ])('is refused where $name, and shows none of them', async ({ value, problem }) => {
    const failure = await start({ SALLYPORT_PROVIDER_SECRETS: value }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).toContain(problem);
    expect(String(failure)).not.toContain('first-secret');
  });

  it('warns of secrets that no provider uses', async () => {
    const test = await start({ SALLYPORT_PROVIDER_SECRETS: 'google=a apple=b okta=c' });
    const warnings = test.lines
      .filter(({ level }) => level === 'warn')
      .map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`);
    await test.close();
    expect(warnings.join('\n')).toContain('okta');
  });
});
