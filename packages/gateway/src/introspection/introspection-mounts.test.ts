import {
  freezePrincipal,
  SallyportError,
  type AuthenticatedCaller,
  type Authenticator,
  type CredentialKind,
  type Principal,
} from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import type { IntrospectionOptions } from './introspection-options.ts';

/* The whole is tested with identity in packages/server. Here is what only stores that fail, and time, can show. */

const sid = 'Jx3kfM2nQp8rTv5wYz7abA';
const key = 'good-key';
const token = 'good-token';

/** An authenticator of one credential, whose store can be away. */
interface StandIn {
  readonly authenticator: Authenticator;
  readonly reads: () => number;
  isAway: boolean;
}

function standIn(kind: CredentialKind, credential: string, change: Partial<Principal>): StandIn {
  let reads = 0;
  const expiresAt = new Date(Date.now() + 300_000);
  const found: AuthenticatedCaller = {
    credentialId: `${kind}.1`,
    endedBy: [],
    expiresAt,
    principal: freezePrincipal({
      kind: 'service',
      id: kind,
      roles: [],
      permissions: [],
      acr: 'pwd',
      amr: [],
      authTime: new Date(0),
      credential: kind,
      generation: { session: 1, user: 1, policy: 1 },
      ...change,
    } as const),
  };
  const read = <T>(answer: T): Promise<T> => {
    reads += 1;
    return made.isAway
      ? Promise.reject(new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'away' }))
      : Promise.resolve(answer);
  };
  const made: StandIn = {
    reads: () => reads,
    isAway: false,
    authenticator: {
      kind,
      recognize: ({ header, value }) => {
        if (header === 'x-api-key') return kind === 'api-key' ? value : undefined;
        return kind === 'opaque' ? /^Bearer (.+)$/.exec(value)?.[1] : undefined;
      },
      authenticate: (presented) =>
        read(
          presented === credential
            ? { kind: 'authenticated', caller: found }
            : { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'unknown' },
        ),
      recheck: () => read(found),
      ...(kind === 'api-key' ? { headers: ['x-api-key'] } : {}),
    },
  };
  return made;
}

let keys: StandIn;
let tokens: StandIn;
let gateway: TestGateway;
let revoke: IntrospectionOptions['revokeToken'];
beforeEach(async () => {
  keys = standIn('api-key', key, { clientId: 'key_1', permissions: ['billing:introspect', 'billing:revoke'] });
  tokens = standIn('opaque', token, { kind: 'user', id: 'alice', sid, permissions: ['product:read'] });
  revoke = () => Promise.resolve();
  gateway = await startTestGateway({
    authenticators: [keys.authenticator, tokens.authenticator],
    introspection: introspection(),
  });
});
afterEach(() => gateway.close());

function introspection(): IntrospectionOptions {
  return {
    services: { billing: { permissions: ['product:*'], profile: false, apiKeys: false } },
    requests: [],
    revokeToken: (text, context) => revoke(text, context),
  };
}

const post = (path: 'introspect' | 'revoke', text: string, presented = key) =>
  gateway.send(
    'POST',
    `/oauth2/${path}`,
    { 'X-API-Key': presented, 'Content-Type': 'application/x-www-form-urlencoded' },
    `token=${text}`,
  );
const away = { status: 503, error: 'temporarily_unavailable', retryAfter: '1' };
const read = ({ status, headers, body }: Awaited<ReturnType<typeof post>>) => ({
  status,
  error: (JSON.parse(body) as { readonly error?: string }).error,
  retryAfter: headers['retry-after'],
});

describe('introspection', () => {
  it('reads a key and a token once for many requests', async () => {
    for (let turn = 0; turn < 5; turn++)
      expect(JSON.parse((await post('introspect', token)).body)).toMatchObject({ active: true, sub: 'alice' });
    expect([keys.reads(), tokens.reads()]).toEqual([1, 1]);
  });

  it('is 503 while a token cannot be looked up, never inactive, and right as soon as it can', async () => {
    tokens.isAway = true;
    expect(read(await post('introspect', token))).toEqual(away);
    tokens.isAway = false;
    expect(JSON.parse((await post('introspect', token)).body)).toMatchObject({ active: true });
  });

  it('is 503 while a key cannot be looked up, and never invalid_client', async () => {
    keys.isAway = true;
    expect(read(await post('introspect', token))).toEqual(away);
    expect(read(await post('revoke', token))).toEqual(away);
    expect(tokens.reads()).toBe(0);
  });

  it('reads no token for a caller that is not known', async () => {
    expect((await post('introspect', token, 'bad-key')).status).toBe(401);
    expect((await post('revoke', token, 'bad-key')).status).toBe(401);
    expect(tokens.reads()).toBe(0);
  });

  it('says inactive once the bus names the sign-in, also of a token that it remembers', async () => {
    expect(JSON.parse((await post('introspect', token)).body)).toMatchObject({ active: true });
    tokens.authenticator.authenticate = () => ({ kind: 'rejected', code: 'SP_TOKEN_INVALID', reason: 'ended' });
    expect(JSON.parse((await post('introspect', token)).body)).toMatchObject({ active: true });
    await gateway.bus.publish({
      kind: 'session',
      id: sid,
      minGeneration: Number.MAX_SAFE_INTEGER,
      at: new Date(),
      reason: 'signed-out',
    });
    expect(JSON.parse((await post('introspect', token)).body)).toEqual({ active: false });
  });

  it('goes on with the same services when routes change', async () => {
    gateway.gateway.reconfigure({ routes: [] });
    expect(JSON.parse((await post('introspect', token)).body)).toMatchObject({ active: true, aud: 'billing' });
  });
});

describe('ending a token', () => {
  it('is not answered as done while that cannot be written', async () => {
    revoke = () => Promise.reject(new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'away' }));
    expect(read(await post('revoke', token))).toEqual(away);
  });

  it('is told who asked', async () => {
    const asked: unknown[] = [];
    revoke = async (text, { caller }) =>
      void asked.push([text, caller.kind === 'service' ? caller.clientId : caller.kind]);
    expect((await post('revoke', token)).status).toBe(200);
    expect(asked).toEqual([[token, 'key_1']]);
  });
});

describe('a gateway that answers services about tokens', () => {
  it.each([
    { name: 'keys', authenticators: () => [tokens.authenticator], message: 'needs API keys' },
    { name: 'tokens', authenticators: () => [keys.authenticator], message: 'needs access tokens' },
  ])('is not built without $name', async ({ authenticators, message }) => {
    const build = startTestGateway({ authenticators: authenticators(), introspection: introspection() });
    await expect(build).rejects.toThrow(message);
  });
});
