import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { getRequestListener } from '@hono/node-server';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAcmeApp } from './acme-app.ts';
import { acmeIssuer } from './acme-client.ts';

const redirectUri = 'http://localhost:3000/auth/callback/acme';
const clientSecret = 'a-secret-of-the-test-alone';

let server: Server;
let url: string;
let client: Configuration;

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on a port.
  const app = await createAcmeApp({ url, client: { id: 'demo', secret: clientSecret, redirectUris: [redirectUri] } });
  const answer = getRequestListener(app.fetch);
  server.on('request', (request, response) => void answer(request, response));
  client = await discovery(new URL(acmeIssuer(url)), 'demo', undefined, ClientSecretBasic(clientSecret), {
    // oxlint-disable-next-line typescript/no-deprecated -- so marked to be seen; Acme SSO is on loopback alone
    execute: [allowInsecureRequests],
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('Acme SSO', () => {
  it('signs a person in for a client that was not written with it', async () => {
    const flow = await beginFlow();
    const visit = createVisit();
    const choose = await visit.open(flow.url);
    expect(choose).toContain('Remy Reyes');
    const consent = await visit.submit('/sign-in', choose, { person: 'acme-remy-reyes' });
    expect(consent).toContain('Share who you are?');
    const callback = await visit.leave('/consent', consent);

    const tokens = await authorizationCodeGrant(client, callback, flow.checks);
    expect(tokens.claims()).toMatchObject({ iss: acmeIssuer(url), aud: 'demo', sub: 'acme-remy-reyes' });
    expect(await fetchUserInfo(client, tokens.access_token, 'acme-remy-reyes')).toMatchObject({
      email: 'remy.reyes@acme.test',
      email_verified: true,
      name: 'Remy Reyes',
    });
  });

  it('says of an address that was never confirmed that it was not', async () => {
    const flow = await beginFlow();
    const visit = createVisit();
    const consent = await visit.submit('/sign-in', await visit.open(flow.url), { person: 'acme-mal-mallory' });
    const tokens = await authorizationCodeGrant(client, await visit.leave('/consent', consent), flow.checks);
    expect(await fetchUserInfo(client, tokens.access_token, 'acme-mal-mallory')).toMatchObject({
      email_verified: false,
    });
  });

  it('sends a person who cancels back with a refusal, before and after an account was chosen', async () => {
    const flow = await beginFlow();
    const visit = createVisit();
    const choose = await visit.open(flow.url);
    for (const page of [choose, await visit.submit('/sign-in', choose, { person: 'acme-uma-user' })]) {
      const { searchParams, origin } = await visit.leave('/cancel', page);
      expect(origin).toBe('http://localhost:3000');
      expect(Object.fromEntries(searchParams)).toEqual({
        error: 'access_denied',
        iss: acmeIssuer(url),
        state: flow.checks.expectedState,
      });
    }
  });

  it('leads no browser to an address that is not its client’s', async () => {
    const visit = createVisit();
    const query = new URLSearchParams({ redirect_uri: 'https://evil.test/', state: 'x' }).toString();
    expect(await visit.post('/cancel', { query })).toMatchObject({ status: 400 });
    const { url: other } = await beginFlow({ redirect_uri: 'https://evil.test/' });
    const answer = await fetch(other, { redirect: 'manual' });
    expect(answer.headers.get('location') ?? '').not.toContain('evil.test');
  });

  it.each(['/sign-in', '/consent', '/cancel', '/sign-out'])('refuses a form of another site at %s', async (path) => {
    const forged = await fetch(url + path, { method: 'POST', headers: { origin: 'https://evil.test' }, body: '' });
    expect(forged.status).toBe(403);
  });

  it('has no accounts but its own, and none is made', async () => {
    expect(await createVisit().post('/sign-in', { person: 'acme-eve', query: '' })).toMatchObject({ status: 400 });
    const made = await fetch(`${acmeIssuer(url)}/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ name: 'Eve', email: 'eve@acme.test', password: 'a-long-password-of-eve' }),
    });
    expect(made.ok).toBe(false);
  });
});

async function beginFlow(change: Readonly<Record<string, string>> = {}) {
  const verifier = randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: randomState(), expectedNonce: randomNonce() };
  const to = buildAuthorizationUrl(client, {
    redirect_uri: redirectUri,
    scope: 'openid email profile',
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...change,
  });
  return { url: to.href, checks };
}

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

/** A browser with cookies and without a script. `fetch` says that it is a script; the library would answer it with JSON. */
function createVisit() {
  const cookies = new Map<string, string>();
  const send = async (target: string, form?: Readonly<Record<string, string>>): Promise<Answer> => {
    const answer = await request(new URL(target, url), {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { origin: url, 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers['location']?.toString() ?? '';
    return { status: answer.statusCode, location, text: await answer.body.text() };
  };
  const queryOf = (page: string) => (/name="query" value="([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&');
  return {
    post: send,
    open: async (target: string) => (await send((await send(target)).location)).text,
    submit: async (path: string, page: string, fields: Readonly<Record<string, string>>) =>
      (await send((await send(path, { ...fields, query: queryOf(page) })).location)).text,
    leave: async (path: string, page: string) => new URL((await send(path, { query: queryOf(page) })).location),
  };
}
