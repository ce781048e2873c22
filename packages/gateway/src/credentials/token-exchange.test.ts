import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RouteInput } from '@sallyport/core';
import { request, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, route, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { problemsOfCallers } from '../routing/route-problems.ts';

interface Claims {
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly scope: string;
  readonly email?: string;
  readonly act?: { readonly sub: string };
}

const permissions = ['a:read', 'a:write', 'b:read', 'b:write', 'c:read'];
const everybody = ['one', 'two', 'three', 'four', 'five', 'shell'];

/** Interests overlap in part; routes that ask for the profile stand beside others that do not. */
const routes: readonly Partial<RouteInput>[] = [
  { name: 'one', permissions: ['a:*'], profile: true },
  { name: 'two', permissions: ['*'], profile: true },
  { name: 'three', permissions: ['a:read', 'b:*'] },
  { name: 'four', permissions: [] },
  { name: 'five', permissions: ['c:read', 'a:write'], profile: true },
].map((input) => ({ ...input, prefix: `/${input.name}`, callers: everybody }));

let now = new Date('2030-01-01T00:00:00.250Z');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => now,
    moreRoutes: [
      ...routes,
      { name: 'closed', prefix: '/closed', callers: [] },
      { name: 'unsaid', prefix: '/unsaid', permissions: ['*'] },
      { name: 'open', prefix: '/open', access: 'public' },
      { name: 'maybe', prefix: '/maybe', access: 'optional', callers: ['one'] },
      { name: 'manage', prefix: '/manage', access: { permissions: ['b:write'] }, callers: everybody },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const call = (target: string, authorization: string): Promise<RawAnswer> =>
  request(gateway.internalPort, 'GET', target, {
    Host: `127.0.0.1:${gateway.internalPort}`,
    Authorization: authorization,
  });

function lastToken(): string {
  return String(gateway.upstream.seen.at(-1)?.headers['authorization']);
}

function claimsOf(authorization: string): Claims {
  return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

/** The token that a zone or service got for a user who asked it by themselves. */
async function tokenOf(audience: string, session: string): Promise<string> {
  const answer = await gateway.send('GET', audience === 'shell' ? '/page' : `/${audience}/x`, cookie(session));
  expect(answer.status).toBe(200);
  return lastToken();
}

function scopeOf({ scope }: Claims): readonly string[] {
  return scope === '' ? [] : scope.split(' ');
}

describe('a chain of calls', () => {
  it('never widens: each token has a part of the scope of the one before, its profile and its end', async () => {
    const hops = fc.array(fc.constantFrom(...everybody.slice(0, 5)), { minLength: 1, maxLength: 4 });
    const waits = fc.array(fc.nat(25), { minLength: 4, maxLength: 4 });
    const start = fc.constantFrom(...everybody);
    await fc.assert(
      fc.asyncProperty(start, hops, fc.subarray(permissions), waits, async (first, chain, held, seconds) => {
        const session = gateway.sessions.add({ permissions: held });
        let before = await tokenOf(first, session);
        for (const [index, hop] of chain.entries()) {
          now = new Date(now.getTime() + (seconds[index] ?? 0) * 1000);
          const presented = claimsOf(before);
          const answer = await call(`/${hop}/x`, before);
          if (presented.exp * 1000 <= now.getTime()) {
            expect(answer.status).toBe(401);
            return;
          }
          expect(answer.status).toBe(200);
          const made = claimsOf(lastToken());
          const interests = routes.find(({ name }) => name === hop);
          expect(scopeOf(presented)).toEqual(expect.arrayContaining([...scopeOf(made)]));
          expect(held).toEqual(expect.arrayContaining([...scopeOf(made)]));
          expect(made.exp).toBeLessThanOrEqual(presented.exp);
          expect(made.exp).toBeGreaterThan(made.iat);
          expect(made.aud).toBe(hop);
          expect(made.act?.sub).toBe(presented.aud);
          expect(made.email !== undefined).toBe(presented.email !== undefined && interests?.profile === true);
          before = lastToken();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what both ask for', async () => {
    const session = gateway.sessions.add({ permissions });
    await call('/three/x', await tokenOf('two', session));
    expect(scopeOf(claimsOf(lastToken())).toSorted()).toEqual(['a:read', 'b:read', 'b:write']);
    await call('/one/x', await tokenOf('three', session));
    expect(scopeOf(claimsOf(lastToken()))).toEqual(['a:read']);
  });

  it('reaches no route for a permission that the presented token lacks, whatever the user holds', async () => {
    const session = gateway.sessions.add({ permissions });
    expect((await call('/manage/x', await tokenOf('two', session))).status).toBe(200);
    expect((await call('/manage/x', await tokenOf('one', session))).status).toBe(403);
  });

  it('is told apart from what the user asks for directly', async () => {
    const session = gateway.sessions.add({ permissions });
    const through = await tokenOf('one', session);
    await call('/two/x', through);
    await gateway.send('GET', '/two/x', cookie(session));
    expect(scopeOf(claimsOf(lastToken()))).toEqual(permissions);
  });
});

describe('a route', () => {
  it('that names no callers is for zones', async () => {
    const session = gateway.sessions.add({ permissions });
    expect((await call('/unsaid/x', await tokenOf('shell', session))).status).toBe(200);
    const before = gateway.upstream.started;
    const refused = await call('/unsaid/x', await tokenOf('one', session));
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('SP_FORBIDDEN');
    // The service that the user asked, and nothing behind it.
    expect(gateway.upstream.started - before).toBe(1);
  });

  it.each(['one', 'shell'])('with an empty list of callers is not called by %s', async (caller) => {
    const session = gateway.sessions.add();
    expect((await call('/closed/x', await tokenOf(caller, session))).status).toBe(403);
  });

  it('whose access is optional is not called, even anonymously, by services that it does not name', async () => {
    const session = gateway.sessions.add();
    expect((await call('/maybe/x', await tokenOf('one', session))).status).toBe(200);
    expect((await call('/maybe/x', await tokenOf('two', session))).status).toBe(403);
  });

  it('that is public is called by every service, without identity', async () => {
    const session = gateway.sessions.add();
    expect((await call('/open/x', await tokenOf('one', session))).status).toBe(200);
    expect(gateway.upstream.seen.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  it('cannot name a caller that no route knows', () => {
    const known = route({ name: 'known', prefix: '/known', callers: ['known'] });
    expect(problemsOfCallers([known])).toEqual([]);
    expect(problemsOfCallers([{ ...known, callers: ['unknown'] }])).toEqual([
      'route "known" names the caller "unknown", which is the audience of no route',
    ]);
  });

  it('says in explain what a zone would get', async () => {
    const session = gateway.sessions.add({ permissions });
    const sid = gateway.sessions.sidOf(session);
    const question = { listener: 'internal', method: 'GET', target: '/two/x', headers: [], sid } as const;
    const explained = await gateway.gateway.explain({ ...question, from: 'three' });
    expect(JSON.stringify(explained)).toContain('"scope","value":"a:read b:read b:write"');
    const refused = await gateway.gateway.explain({ ...question, target: '/unsaid/x', from: 'three' });
    expect(refused).toMatchObject({ decision: 'refuse', reason: 'caller-not-listed' });
    expect(JSON.stringify(refused)).toContain('{"name":"callers","value":"shell"}');
  });
});

it('a token at its end is exchanged for nothing', async () => {
  const session = gateway.sessions.add({ permissions });
  const authorization = await tokenOf('two', session);
  now = new Date(claimsOf(authorization).exp * 1000);
  const answer = await call('/three/x', authorization);
  expect(answer.status).toBe(401);
  expect(answer.body).toContain('SP_TOKEN_EXPIRED');
});
