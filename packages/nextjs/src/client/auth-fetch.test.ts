import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SallyportError, toProblem, type ErrorCode } from '@sallyport/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { activateSessionSync } from './active-session-sync.ts';
import { announceSignIn } from './announce-sign-in.ts';
import { authFetch } from './auth-fetch.ts';
import { readCurrentSession } from './current-session.ts';
import { createReloadMemory } from './reload-memory.ts';
import { isFeatureOffered } from './feature-offer.ts';
import { openSessionChannel } from './session-channel.ts';
import { createSessionSync, type SessionSync } from './session-sync.ts';
import { signOut } from './sign-out.ts';
import { switchOrganization } from './switch-organization.ts';

let server: Server;
let seen: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }[];
let answers: Readonly<Record<string, (response: ServerResponse) => void>>;
let sync: SessionSync;
let moves: string[];

const signedInAnswer =
  '{"status":"signed-in","user":{"id":"ann","roles":["user"]},"session":{"acr":"pwd","authTime":"2023-11-14T22:13:20.000Z"}}';

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = answers[request.url ?? ''];
      if (answer === undefined) response.writeHead(404).end();
      else answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  seen = [];
  moves = [];
  answers = { '/auth/session': (response) => response.end(signedInAnswer) };
  // A page resolves paths against its own origin; this process has none.
  // A server that listens on a port, not on a pipe, has an address of this shape.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = fetch;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => send(new URL(path, origin), { ...init, mode: 'cors' }));
  const shown = {
    status: 'signed-in',
    userId: 'ann',
    roles: ['user'],
    permissions: [],
    acr: 'pwd',
    authTime: 1_700_000_000,
  } as const;
  sync = createSessionSync(shown, {
    openChannel: (hear) => openSessionChannel(hear, 'here'),
    readSession: () => readCurrentSession(),
    note: () => {},
    currentPath: () => '/products',
    leaveFor: (url) => moves.push(url),
    reload: () => moves.push('reload'),
    reloads: createReloadMemory(() => ({ getItem: () => null, setItem: () => {}, removeItem: () => {} })),
    refresh: () => moves.push('refresh'),
    forgetDrafts: () => {},
    warn: () => moves.push('warning'),
  });
  activateSessionSync(sync);
});
afterEach(() => {
  sync.close();
  vi.unstubAllGlobals();
});

function refuse(code: ErrorCode): (response: ServerResponse) => void {
  const context = { requestId: 'r-1', documentationOrigin: 'http://localhost' };
  const { status, headers, body } = toProblem(new SallyportError(code), context);
  return (response) => response.writeHead(status, headers).end(JSON.stringify(body));
}

describe('authFetch()', () => {
  it.each(['https://evil.example/', '//evil.example/', '/\\evil.example', '/\t/evil.example', 'api/shop', ''])(
    'sends nothing to %j',
    async (path) => {
      await expect(authFetch(path)).rejects.toThrow(TypeError);
      expect(seen).toEqual([]);
    },
  );

  it.each([
    { code: 'SP_FORBIDDEN', status: 403 },
    { code: 'SP_VALIDATION_FAILED', status: 422 },
    { code: 'SP_STORE_UNAVAILABLE', status: 503 },
    { code: 'SP_CREDENTIALS_INVALID', status: 401 },
    { code: 'SP_STEP_UP_REQUIRED', status: 401 },
  ] as const)('throws $code and stays on the page', async ({ code, status }) => {
    answers = { ...answers, '/api/x': refuse(code) };

    await expect(authFetch('/api/x')).rejects.toMatchObject({ name: 'ProblemError', code, status, requestId: 'r-1' });
    expect(moves).toEqual([]);
    expect(seen).toHaveLength(1);
  });

  it('goes to sign in and back when no user is signed in any more', async () => {
    answers = { '/api/x': refuse('SP_UNAUTHENTICATED'), '/auth/session': (to) => to.end('{"status":"signed-out"}') };

    await expect(authFetch('/api/x')).rejects.toMatchObject({ code: 'SP_UNAUTHENTICATED' });

    await vi.waitFor(() => expect(moves).toEqual(['/auth/sign-in?returnTo=%2Fproducts']));
  });

  it('sends a value as JSON and gives the answer back', async () => {
    answers = { '/api/x': (to) => to.end('{"id":1}') };

    const response = await authFetch('/api/x', { method: 'POST', json: { name: 'Kite' } });

    expect(await response.json()).toEqual({ id: 1 });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{"name":"Kite"}',
    });
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('signOut()', () => {
  it.each([
    { name: 'here', options: {}, path: '/auth/sign-out', reason: 'signed-out' },
    { name: 'everywhere', options: { everywhere: true }, path: '/auth/sessions/revoke-all', reason: 'everywhere' },
  ])('ends the session $name and says so', async ({ options, path, reason }) => {
    answers = { [path]: (to) => to.writeHead(204).end() };

    await signOut(options);

    expect(seen).toMatchObject([{ method: 'POST', url: path }]);
    expect(moves).toEqual([`/auth/signed-out?reason=${reason}`]);
  });

  it('stays and says why when the session could not be ended', async () => {
    answers = { ...answers, '/auth/sign-out': refuse('SP_STORE_UNAVAILABLE') };

    await expect(signOut()).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(moves).toEqual([]);
  });

  it('stays when there is no answer', async () => {
    answers = { ...answers, '/auth/sign-out': (to) => to.destroy() };

    await expect(signOut()).rejects.toThrow(TypeError);
    expect(moves).toEqual([]);
  });
});

describe('switchOrganization()', () => {
  const path = '/auth/organizations/active';

  it.each(['org_1', null])('asks for %j, and then for the data of the page', async (organization) => {
    const inAcme = signedInAnswer.replace('"session"', '"organization":{"id":"org_1","roles":["owner"]},"session"');
    answers = { [path]: (to) => to.end('{}'), '/auth/session': (to) => to.end(inAcme) };

    await switchOrganization(organization);

    expect(seen[0]).toMatchObject({ method: 'POST', url: path, body: JSON.stringify({ organization }) });
    expect(moves).toEqual(['refresh']);
  });

  it.each([
    { code: 'SP_NOT_FOUND', status: 404 },
    { code: 'SP_STORE_UNAVAILABLE', status: 503 },
  ] as const)('leaves the page as it is where it is refused with $code', async ({ code, status }) => {
    answers = { ...answers, [path]: refuse(code) };

    await expect(switchOrganization('org_9')).rejects.toMatchObject({ code, status });
    expect(moves).toEqual([]);
  });
});

describe('isFeatureOffered()', () => {
  it('says yes while it cannot be found out, and asks again; once it is known, no more', async () => {
    for (const answer of [refuse('SP_STORE_UNAVAILABLE'), (to: ServerResponse) => to.end('[]')]) {
      answers = { '/auth/features': answer };
      expect(await isFeatureOffered('apiKeys')).toBe(true);
    }
    answers = { '/auth/features': (to) => to.end('{"features":["passwords"]}') };
    const asked = seen.length;

    expect([await isFeatureOffered('apiKeys'), await isFeatureOffered('passwords')]).toEqual([false, true]);
    expect(seen.length - asked).toBe(1);
  });
});

describe('announceSignIn()', () => {
  it('keeps its own tab from reloading under the navigation that follows', async () => {
    answers = { '/auth/session': (to) => to.end(signedInAnswer.replace('ann', 'bob')) };

    announceSignIn();
    await sync.check();

    expect(moves).toEqual([]);
  });
});

describe('asking who is signed in', () => {
  it.each([
    { name: 'an outage', answer: refuse('SP_STORE_UNAVAILABLE') },
    { name: 'a refusal', answer: refuse('SP_UNAUTHENTICATED') },
    { name: 'a web page', answer: (to: ServerResponse) => to.end('<title>Maintenance</title>') },
    { name: 'a list', answer: (to: ServerResponse) => to.end('[]') },
    { name: 'a person without an id', answer: (to: ServerResponse) => to.end('{"status":"signed-in","user":{}}') },
    { name: 'a redirect', answer: (to: ServerResponse) => to.writeHead(302, { location: '/x' }).end() },
    { name: 'a hang-up', answer: (to: ServerResponse) => to.destroy() },
  ])('learns nothing from $name', async ({ answer }) => {
    answers = { '/auth/session': answer, '/x': (to) => to.end('{"status":"signed-out"}') };

    expect(await readCurrentSession()).toEqual({ status: 'unknown' });
  });

  it('learns who it is, and no more', async () => {
    expect(await readCurrentSession()).toEqual({
      status: 'signed-in',
      userId: 'ann',
      roles: ['user'],
      acr: 'pwd',
      authTime: 1_700_000_000,
    });
  });
});
