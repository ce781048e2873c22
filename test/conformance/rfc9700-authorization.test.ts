import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redirectUri, startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import { askForCode, codeParameters, getCode, newPkce, redeem, sendRaw } from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let system: ProviderSystem;
let cookie: string;
let own: RegisteredClient;
let native: RegisteredClient;
const pkce = newPkce();

beforeAll(async () => {
  system = await startProviderSystem();
  cookie = await system.gateway.signIn('vendor');
  own = await system.register({
    trust: 'first-party',
    redirectUris: [redirectUri, 'https://client.example/other?kept=1'],
  });
  native = await system.register({
    trust: 'first-party',
    authentication: 'none',
    redirectUris: ['http://127.0.0.1/back'],
  });
});
afterAll(() => system.close());

/** A request that is wrong before it is known where its browser may be led: it is led nowhere. */
async function expectPage(changes: Readonly<Record<string, string | undefined>>, client = own): Promise<string> {
  const answer = await askForCode(system, cookie, codeParameters(client, pkce, changes));
  expect(answer.location?.href).toBeUndefined();
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
  return answer.text;
}

/** A request that is wrong, of a client that is known: it is told so, and gets nothing. */
async function expectError(changes: Readonly<Record<string, string | undefined>>, error: string): Promise<void> {
  const { location } = await askForCode(system, cookie, codeParameters(own, pkce, changes));
  expect(`${location?.origin}${location?.pathname}`).toBe(redirectUri);
  expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
    error,
    state: 'kept as it is',
    iss: system.origin,
  });
  expect(location?.searchParams.has('code')).toBe(false);
}

describe('where a code is sent (RFC 9700)', () => {
  it.each([
    'https://client.example/callback/',
    'https://client.example/Callback',
    'https://client.example/callback?more=1',
    'https://client.example/callback#part',
    'https://client.example/callback%2f..%2fother',
    'https://client.example/./callback',
    'https://client.example/a/../callback',
    'https://client.example//callback',
    'https://client.example/%63allback',
    'https://client.example:443/callback',
    'https://client.example:8443/callback',
    'https://CLIENT.example/callback',
    'https://client.example./callback',
    'https://evil.client.example/callback',
    'https://client.example.evil.example/callback',
    'https://client.example@evil.example/callback',
    'https://evil.example\\@client.example/callback',
    'https://evil.example/https://client.example/callback',
    'http://client.example/callback',
    '//client.example/callback',
    '/callback',
    'javascript:alert(1)//https://client.example/callback',
    'data:text/html,https://client.example/callback',
    ' https://client.example/callback',
    'https://client.example/callback\n',
    'https://client.example/callback\u0000',
    'https://client.example/other',
    '',
  ])('RFC9700-2.1-1: the provider refuses the spelling %j of a redirect URI', async (uri) => {
    await expectPage({ redirect_uri: uri });
  });

  it('RFC9700-2.1-1: the provider refuses a request that leaves out which redirect URI it means', async () => {
    await expectPage({ redirect_uri: undefined });
  });

  it('RFC9700-4.1-1: the provider lets a native app have any port of its loopback address, and nothing else', async () => {
    const code = await getCode(system, cookie, native, pkce, { redirect_uri: 'http://127.0.0.1:51004/back' });
    expect(code).not.toBe('');
    for (const uri of [
      'http://127.0.0.1:51004/other',
      'http://127.0.0.2:51004/back',
      'http://localhost:51004/back',
      'https://127.0.0.1:51004/back',
      'http://127.0.0.1:51004/back?more',
      'http://user@127.0.0.1:51004/back',
    ])
      await expectPage({ redirect_uri: uri }, native);
  });

  it('RFC9700-2.1-2: the provider leads no browser away for a client that it does not know', async () => {
    for (const id of ['client_00000000000000000000', '', '../', '<script>alert(1)</script>', 'a'.repeat(5000)])
      expect(await expectPage({ client_id: id })).not.toContain('<script>alert');
  });

  it('RFC9700-2.1-2: the provider leads no browser away for a client that was disabled', async () => {
    const gone = await system.register({ trust: 'first-party' });
    await system.operate('oauth-clients/set-disabled', { id: gone.id, isDisabled: true });
    await expectPage({}, gone);
  });

  it('RFC9700-4.11-1: the provider repeats nothing of a request in its error page as HTML', async () => {
    const text = await expectPage({ redirect_uri: 'https://evil.example/"><img src=x onerror=alert(1)>' });
    expect(text).not.toContain('<img src=x');
  });

  it('RFC9700-4.12-1: the provider leads browsers on with 303, which repeats no form', async () => {
    const asked = codeParameters(own, pkce).toString();
    const posted = await sendRaw(system, '/oauth2/auth', {
      method: 'POST',
      headers: { cookie, origin: system.origin, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(asked),
    });
    // A form of another site carries no session cookie: there is no such endpoint.
    expect([posted.status, posted.headers.get('location')]).toEqual([405, null]);
    expect((await askForCode(system, cookie, new URLSearchParams(asked))).status).toBe(303);
  });
});

describe('what an answer with a code says (RFC 9700)', () => {
  it('RFC9700-2.1-3: the provider gives back the state as it was, with everything that a URL might change in it', async () => {
    const state = 'a+b c&d=e#f%20"<ä>';
    const { location } = await askForCode(system, cookie, codeParameters(own, pkce, { state }));
    expect(location?.searchParams.get('state')).toBe(state);
  });

  it('RFC9700-2.1-4, RFC9700-4.4-1: the provider says in every answer who gives it, against mix-up', async () => {
    const { location } = await askForCode(system, cookie, codeParameters(own, pkce));
    expect(location?.searchParams.get('iss')).toBe(system.origin);
    await expectError({ scope: 'openid', prompt: 'none', max_age: 'x' }, 'invalid_request');
    const { json } = await sendRaw(system, '/.well-known/openid-configuration');
    expect(json['authorization_response_iss_parameter_supported']).toBe(true);
  });

  it('RFC9700-4.2-1: the provider lets no address of a code be told to other sites by a page of its own', async () => {
    const third = await system.register();
    const answer = await askForCode(system, cookie, codeParameters(third, pkce));
    expect(answer.headers.get('cache-control')).toContain('no-store');
    const page = await sendRaw(system, answer.location?.href ?? '', {
      headers: { cookie: cookiesOf(cookie, answer.headers), 'sec-fetch-mode': 'navigate' },
    });
    expect(page.status).toBe(200);
    expect(page.headers.get('referrer-policy')).toMatch(/^(?:no-referrer|same-origin|strict-origin)$/);
    expect(page.text).not.toMatch(/<(?:img|script|link|iframe)[^>]+(?:src|href)="https?:/);
  });

  it.each(['fragment', 'form_post', 'web_message', 'jwt', 'query.jwt', 'QUERY', 'query\n'])(
    'RFC9700-4.17-1: the provider gives a code in the query alone, never by response_mode=%j',
    async (mode) => {
      expect(await expectPage({ response_mode: mode })).toContain('unsupported_response_mode');
      const twice = codeParameters(own, pkce, { response_mode: 'query' });
      twice.append('response_mode', mode);
      expect((await askForCode(system, cookie, twice)).location).toBeUndefined();
    },
  );

  it('RFC9700-4.17-1: the provider publishes no other way', async () => {
    const { json } = await sendRaw(system, '/.well-known/openid-configuration');
    expect(json['response_modes_supported']).toEqual(['query']);
  });
});

describe('codes and their proof (RFC 9700)', () => {
  it.each([
    ['token', 'unsupported_response_type'],
    ['id_token', 'unsupported_response_type'],
    ['id_token token', 'unsupported_response_type'],
    ['code token', 'unsupported_response_type'],
    ['code id_token', 'unsupported_response_type'],
    ['none', 'unsupported_response_type'],
    ['CODE', 'unsupported_response_type'],
  ])('RFC9700-2.1.2-1: the provider gives no token to a browser, response_type=%s', async (type, error) => {
    const answer = await askForCode(system, cookie, codeParameters(own, pkce, { response_type: type, nonce: 'n' }));
    const said = new URLSearchParams(answer.location?.hash.slice(1) || answer.location?.search);
    expect(said.get('error')).toBe(error);
    expect(answer.location?.href).not.toMatch(/access_token|id_token=|[?&#]code=/);
  });

  it('RFC9700-2.1.1-1: the provider wants PKCE of public clients', async () => {
    const answer = await askForCode(
      system,
      cookie,
      codeParameters(native, pkce, {
        redirect_uri: 'http://127.0.0.1:51004/back',
        code_challenge: undefined,
        code_challenge_method: undefined,
      }),
    );
    expect(answer.location?.searchParams.get('error')).toBe('invalid_request');
  });

  it('RFC9700-2.1.1-2: the provider wants PKCE of clients with a secret, nonce or not', async () => {
    await expectError({ code_challenge: undefined, code_challenge_method: undefined, nonce: 'n' }, 'invalid_request');
  });

  it('RFC9700-2.1.1-3: the provider takes S256 alone, also where a method is left out', async () => {
    await expectError({ code_challenge_method: 'plain' }, 'invalid_request');
    await expectError({ code_challenge_method: undefined }, 'invalid_request');
    await expectError({ code_challenge_method: 's256' }, 'invalid_request');
    await expectError({ code_challenge: 'short' }, 'invalid_request');
    await expectError({ code_challenge: '' }, 'invalid_request');
  });

  it('RFC9700-4.8-1: the provider redeems no code without its verifier, whatever is left out', async () => {
    for (const wrong of [newPkce().verifier, pkce.challenge, '', 'a'.repeat(43), 'ä'.repeat(43)]) {
      const code = await getCode(system, cookie, own, pkce);
      const answer = await redeem(system, own, code, { ...pkce, verifier: wrong });
      expect(answer.status).toBe(400);
      expect(answer.json['access_token']).toBeUndefined();
    }
    const code = await getCode(system, cookie, own, pkce);
    const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
    const bare = await sendRaw(system, '/oauth2/token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${own.id}:${own.secret}`).toString('base64')}` },
      body: form,
    });
    expect([bare.status, bare.json['error']]).toEqual([400, 'invalid_grant']);
  });

  it('RFC9700-2.1.1-4: the provider publishes which methods it takes', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      const { json } = await sendRaw(system, path);
      expect(json['code_challenge_methods_supported']).toEqual(['S256']);
    }
  });
});

/** The session, and what an answer set. */
function cookiesOf(session: string, headers: Headers): string {
  return [session, ...headers.getSetCookie().map((line) => line.split(';')[0])].join('; ');
}
