import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { omits } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing, valueOf } from '../runner/upstream-oracles.ts';
import { row } from '../runner/write-case.ts';

/* T: tokens at the front, where those alone are of use that /auth/token gave, on routes that take them. */

const t01 = row('T01', 'Hono CVE-2026-47673');
const t02 = row('T02', 'Wycheproof; Hono CVE-2026-22817');
const t05 = row('T05', 'Pomerium CVE-2024-47616');
const t10 = row('T10', 'Envoy CVE-2022-29226: mere presence');
const t11 = row('T11', 'RFC 6750, sections 2.2 and 2.3');
const t13 = row('T13', 'API keys that are guessed');
const t14 = row('T14', 'RFC 8725: access tokens that are forged, at a route that takes some');
const t15 = row('T15', 'RFC 9700, section 4.14: refresh tokens that are made up');

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = {
  iss: 'https://app.test/internal',
  aud: 'api',
  sub: 'root',
  roles: ['admin'],
  exp: 9_999_999_999,
  iat: 1,
  jti: 'x',
};
/** What the gateway itself would say in an access token. */
const accessClaims = { ...claims, iss: 'https://app.test', aud: 'https://app.test', cred: 'bearer', sub_type: 'user' };
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const forged = (header: object, signature: (content: string) => string, said: object = claims): string => {
  const content = `${encode({ typ: 'at+jwt', ...header })}.${encode(said)}`;
  return `${content}.${signature(content)}`;
};
const own = (content: string): string =>
  sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
const forgeries: readonly string[] = [
  ...['none', 'None', 'NONE', 'nOnE', ''].map((alg) => forged({ alg }, () => '')),
  forged({ alg: 'HS256' }, (content) => createHmac('sha256', '').update(content).digest('base64url')),
  forged({ alg: 'ES256' }, () => Buffer.alloc(64).toString('base64url')),
  forged({ alg: 'ES256', kid: '../../dev/null' }, own),
  forged({ alg: 'ES256', jku: 'https://evil.test/keys' }, own),
  forged({ alg: 'ES256', x5u: 'https://evil.test/keys' }, own),
  forged({ alg: 'ES256', jwk: { kty: 'EC' } }, own),
  forged({ alg: 'ES256', crit: ['x'] }, own),
  forged({ alg: 'RS256' }, own),
  forged({ alg: 'EdDSA' }, own),
];

const unknown = { status: 401, upstream: nothing } as const;

const accessForgeries: readonly string[] = [
  ...forgeries,
  ...['none', 'HS256', 'ES256', 'RS256', 'EdDSA'].map((alg) => forged({ alg }, own, accessClaims)),
  forged({ alg: 'ES256', typ: 'JWT' }, own, accessClaims),
  forged({ alg: 'ES256', kid: 'client' }, own, accessClaims),
  forged({ alg: 'ES256' }, own, { ...accessClaims, aud: ['https://app.test', 'api'] }),
  forged({ alg: 'ES256' }, () => '', accessClaims),
  `${encode({ alg: 'dir', enc: 'A256GCM' })}..x.y.z`,
  `${'a'.repeat(8000)}.${'b'.repeat(500)}.c`,
];

/** What is no refresh token, however it is written. */
const refreshTokens: readonly unknown[] = [
  '',
  'x',
  'sp_rt_',
  `sp_rt_${'a'.repeat(109)}`,
  `sp_rt_${'0'.repeat(500)}`,
  `sp_rt_${'\u0000'.repeat(109)}`,
  "sp_rt_' OR '1'='1",
  { $ne: null },
  ['sp_rt_x'],
  0,
  true,
  null,
];
const refreshing = (body: string, headers: readonly string[] = ['Content-Type: application/json']) => ({
  method: 'POST',
  target: '/auth/token/refresh',
  headers,
  body,
});
const refusedGrant = { status: 400, upstream: nothing, answer: [omits('set-cookie')] } as const;

export const tokenCases: readonly AttackCase[] = [
  ...t01.requests(
    [
      'Basic cm9vdDpyb290',
      'Token x',
      'bearer\tx',
      'Bearer  x',
      'Bearer a b',
      'Bearer',
      'Bearer ',
      '',
      'x',
      'Bearer x,Bearer y',
      'BEARER x',
      'bearer x',
      'Digest username="root"',
      'Negotiate YII=',
      'ApiKey sp_key_x',
      'DPoP x',
      'Bearer \u00e9',
      'Bearer null',
      'Bearer undefined',
      'Bearer =',
      'Bearer ..',
    ].map((value) => ({ target: '/api/x', headers: [`Authorization: ${value}`] })),
    { status: [400, 401], upstream: nothing },
  ),
  ...t02.requests(
    forgeries.map((token) => ({ target: '/api/x', headers: [`Authorization: Bearer ${token}`] })),
    unknown,
  ),
  ...t02.requests(
    forgeries.slice(0, 4).map((token) => ({ target: '/page', headers: [`Authorization: Bearer ${token}`] })),
    unknown,
  ),
  t05.scenario('the token that was made for a service opens nothing at the front', async (kit) => {
    const first = await kit.open();
    first.send(
      kit.fill('GET /api/x HTTP/1.1\r\nHost: app.test\r\nCookie: {cookie}={root}\r\nConnection: close\r\n\r\n'),
    );
    await first.next();
    first.destroy();
    const [seen] = await kit.seen();
    const minted = seen === undefined ? undefined : valueOf(seen, 'authorization');
    if (minted === undefined) return kit.fail('the upstream got no token');
    for (const target of ['/api/x', '/admin/x', '/page', '/auth/session', '/auth/sessions']) {
      const wire = await kit.open();
      wire.send(`GET ${target} HTTP/1.1\r\nHost: app.test\r\nAuthorization: ${minted}\r\nConnection: close\r\n\r\n`);
      const answer = await wire.next();
      wire.destroy();
      if (answer?.status !== 401) kit.fail(`${target} was answered ${answer?.status ?? 0}`);
    }
    if ((await kit.seen()).length !== 1) kit.fail('the upstream saw one of them');
  }),
  ...t10.requests(
    ['/api/x', '/admin/x', '/page', '/events', '/ws'].map((target) => ({
      target,
      headers: ['Authorization: Bearer anything'],
    })),
    unknown,
  ),
  ...t11.requests(
    [
      '/api/x?access_token={alice}',
      '/api/x?token={alice}',
      '/api/x?{cookie}={alice}',
      '/admin/x?access_token={root}',
      '/api/x?session={alice}',
      '/api/x?sid={alice}',
    ].map((target) => ({ target })),
    unknown,
  ),
  ...t11.requests(
    [
      {
        method: 'POST',
        target: '/api/x',
        headers: ['Content-Type: application/x-www-form-urlencoded'],
        body: 'access_token=x',
      },
    ],
    unknown,
  ),
  ...t13.requests(
    [
      'X-API-Key: sp_key_0',
      'X-API-Key: sp_key_',
      'Authorization: ApiKey sp_key_0',
      'X-Api-Key: SP_KEY_x',
      'X_API_Key: sp_key_x',
    ].map((line) => ({ target: '/api/x', headers: [line] })),
    unknown,
  ),
  ...t14.requests(
    accessForgeries.map((token) => ({ target: '/programs/x', headers: [`Authorization: Bearer ${token}`] })),
    unknown,
  ),
  ...t14.requests(
    accessForgeries.slice(0, 3).map((token) => ({
      target: '/programs/x',
      headers: [`Authorization: Bearer ${token}`, 'Cookie: {cookie}={alice}'],
    })),
    { status: 400, upstream: nothing },
  ),
  ...t14.requests(
    ['/programs/x?access_token={alice}', '/programs/x?token={alice}'].map((target) => ({ target })),
    unknown,
  ),
  t14.scenario('the token that was made for a service opens no route that takes tokens', async (kit) => {
    const first = await kit.open();
    first.send(
      kit.fill('GET /programs/x HTTP/1.1\r\nHost: app.test\r\nCookie: {cookie}={root}\r\nConnection: close\r\n\r\n'),
    );
    await first.next();
    first.destroy();
    const [seen] = await kit.seen();
    const minted = seen === undefined ? undefined : valueOf(seen, 'authorization');
    if (minted === undefined) return kit.fail('the upstream got no token');
    const wire = await kit.open();
    wire.send(`GET /programs/x HTTP/1.1\r\nHost: app.test\r\nAuthorization: ${minted}\r\nConnection: close\r\n\r\n`);
    const answer = await wire.next();
    wire.destroy();
    if (answer?.status !== 401) kit.fail(`it was answered ${answer?.status ?? 0}`);
    if ((await kit.seen()).length !== 1) kit.fail('the upstream saw it');
  }),
  ...t15.requests(
    refreshTokens.map((token) => refreshing(JSON.stringify({ refresh_token: token }))),
    refusedGrant,
  ),
  ...t15.requests(
    [
      '{"refresh_token":"sp_rt_a","refresh_token":"sp_rt_b"}',
      '{"refresh_token":"sp_rt_a","__proto__":{"sid":"x"}}',
      '["sp_rt_a"]',
      '{"refresh_token":"sp_rt_a"',
      '"sp_rt_a"',
    ].map((body) => refreshing(body)),
    refusedGrant,
  ),
  ...t15.requests(
    [refreshing('grant_type=refresh_token&refresh_token=sp_rt_a', ['Content-Type: application/x-www-form-urlencoded'])],
    {
      ...refusedGrant,
      status: 415,
    },
  ),
];
