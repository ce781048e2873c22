import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { omits, says } from '../runner/answer-oracles.ts';
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

const t16 = row('T16', 'opaque access tokens that are guessed');
const t17 = row('T17', 'RFC 7662, section 4: what tells of tokens, asked without the key of a service');
const t18 = row('T18', 'RFC 7009: ending the tokens of others');
const t19 = row('T19', 'OWASP API1, BOLA: the devices of others, and what opens the list of them');

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
const asking = (target: string, body: string, headers: readonly string[]) => ({
  method: 'POST',
  target,
  headers: ['Content-Type: application/x-www-form-urlencoded', ...headers],
  body,
});
/** What a program, or a script, would have to be let in with at the list of devices. */
const noTokens: readonly (readonly string[])[] = [
  [],
  ['X-API-Key: {key}'],
  ['Authorization: ApiKey {key}'],
  ['X-API-Key: {service}'],
  ['Authorization: Bearer {alice}'],
  ['Authorization: Bearer {key}'],
  ['Authorization: Bearer sp_rt_x'],
  ['Authorization: Bearer sp_at_x'],
  ...forgeries.slice(0, 4).map((token) => [`Authorization: Bearer ${token}`]),
  ...accessForgeries.slice(-7).map((token) => [`Authorization: Bearer ${token}`]),
];
const devices: readonly { readonly method: string; readonly target: string }[] = [
  { method: 'GET', target: '/auth/sessions' },
  { method: 'DELETE', target: '/auth/sessions/x' },
  { method: 'POST', target: '/auth/sessions/revoke-all' },
];
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
  ...t16.requests(
    [
      'sp_at_',
      'sp_at_x',
      `sp_at_${'a'.repeat(89)}`,
      `sp_at_${'A'.repeat(89)}`,
      `sp_at_${'0'.repeat(5000)}`,
      `SP_AT_${'a'.repeat(89)}`,
      `sp_at_${'a'.repeat(83)}000000`,
      `sp_at_${'a'.repeat(44)}.${'a'.repeat(44)}`,
      `sp_at_${'a'.repeat(40)}%00${'a'.repeat(46)}`,
      `sp_at_${'a'.repeat(80)}' OR '1`,
      `sp_at_x,sp_at_y`,
      'sp_at_{alice}',
      'sp_rt_x',
      '{key}',
      '{alice}',
    ].flatMap((token) =>
      ['/programs/x', '/api/x', '/page'].map((target) => ({ target, headers: [`Authorization: Bearer ${token}`] })),
    ),
    unknown,
  ),
  ...t17.requests(
    ['/oauth2/introspect', '/oauth2/revoke'].flatMap((target) =>
      [
        [],
        ['X-API-Key: sp_key_x'],
        ['Authorization: Bearer sp_at_x'],
        ['Authorization: Basic cm9vdDpyb290'],
        ['Authorization: Basic Og=='],
        ['Authorization: Basic eA=='],
        ['Authorization: Basic'],
        ['Authorization: Basic !!!!'],
        ['Authorization: Digest username="root"'],
        ['Authorization: DPoP x'],
        ['Cookie: {cookie}={root}'],
        ['Cookie: {cookie}={root}', 'Origin: https://app.test'],
        ['Authorization: Bearer {root}'],
        ['Authorization: ApiKey'],
      ].map((headers) => asking(target, 'token=sp_at_x', headers)),
    ),
    // 400 where no client is named at all: the OAuth provider has the same paths for clients of its own.
    { status: [400, 401], upstream: nothing, answer: [omits('set-cookie'), says('cache-control', /^no-store$/)] },
  ),
  ...t17.requests(
    ['/oauth2/introspect', '/oauth2/revoke'].map((target) => asking(target, 'token=sp_at_x', ['X-API-Key: {key}'])),
    { status: 403, upstream: nothing, answer: [says('cache-control', /^no-store$/)] },
  ),
  ...t17.requests(
    ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap((method) =>
      ['/oauth2/introspect', '/oauth2/revoke'].map((target) => ({ method, target, headers: ['X-API-Key: {key}'] })),
    ),
    { status: 405, upstream: nothing },
  ),
  ...t17.requests(
    ['/oauth2/introspect?token=sp_at_x', '/oauth2/revoke?token=sp_rt_x'].map((target) =>
      asking(target, 'token=sp_at_x', ['X-API-Key: {key}']),
    ),
    { status: 400, upstream: nothing },
  ),
  ...t17.requests(
    ['/oauth2/introspect/', '/oauth2/introspect/x', '/oauth2/revoke/x'].map((target) =>
      asking(target, 'token=sp_at_x', ['X-API-Key: {key}']),
    ),
    { status: 404, upstream: nothing },
  ),
  ...t17.requests(
    [
      ['X-API-Key: {key}', 'X-API-Key: {key}'],
      ['X-API-Key: {key}', 'Authorization: ApiKey {key}'],
    ].map((headers) => asking('/oauth2/introspect', 'token=sp_at_x', headers)),
    { status: 400, upstream: nothing },
  ),
  ...t17.requests([asking('/oauth2/introspect', `token=${'a'.repeat(60_000)}`, [])], {
    status: 413,
    upstream: nothing,
  }),
  t18.scenario('a session goes on that a stranger tries to end', async (kit) => {
    const send = async (text: string): Promise<number> => {
      const wire = await kit.open();
      wire.send(kit.fill(text));
      const answer = await wire.next();
      wire.destroy();
      return answer?.status ?? 0;
    };
    for (const credential of [
      '',
      'Cookie: {cookie}={alice}\r\n',
      'X-API-Key: {key}\r\n',
      'Authorization: Bearer {alice}\r\n',
    ]) {
      const body = 'token={alice}';
      const length = kit.fill(body).length;
      const status = await send(
        `POST /oauth2/revoke HTTP/1.1\r\nHost: app.test\r\nContent-Type: application/x-www-form-urlencoded\r\n${credential}Content-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
      );
      if (![400, 401, 403].includes(status)) kit.fail(`it was answered ${status}`);
    }
    const still = await send(
      'GET /api/x HTTP/1.1\r\nHost: app.test\r\nCookie: {cookie}={alice}\r\nConnection: close\r\n\r\n',
    );
    if (still !== 200) kit.fail(`the session of alice was answered ${still}`);
  }),
  ...t19.requests(
    noTokens.flatMap((headers) => devices.map((asked) => ({ ...asked, headers }))),
    { status: 401, upstream: nothing, answer: [omits('set-cookie')] },
  ),
  ...t19.requests(
    ['?access_token={alice}', '?token={alice}', '?{cookie}={alice}'].map((query) => ({
      target: `/auth/sessions${query}`,
    })),
    unknown,
  ),
  ...t19.requests(
    [accessForgeries[0] ?? '', 'sp_at_x'].map((token) => ({
      target: '/auth/sessions',
      headers: ['Cookie: {cookie}={alice}', `Authorization: Bearer ${token}`],
    })),
    { status: 400, upstream: nothing },
  ),
  ...t19.requests(
    ['x', '%2e%2e%2fsession', "' OR '1'='1", '{alice}'].map((sid) => ({
      method: 'DELETE',
      target: `/auth/sessions/${sid}`,
      headers: ['Cookie: {cookie}={alice}', 'Origin: https://app.test'],
    })),
    { status: [400, 404], upstream: nothing, answer: [omits('set-cookie')] },
  ),
];
