import { omits, reveals, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* T40 on: /oauth2/*. No client is registered: nothing here may lead a browser anywhere, or give anything. */

const t40 = row('T40', 'RFC 9700, section 4.11: an authorization server that redirects for anyone');
const t41 = row('T41', 'RFC 6749, sections 2.3 and 5.2: tokens for clients that are none');
const t42 = row('T42', 'RFC 8414, section 6.2: addresses of endpoints from the request');
const t43 = row('T43', 'RFC 9700, section 4.7: consent in the name of another browser');
const t44 = row('T44', 'RFC 7662, section 4: who may ask about tokens, looked at before what is asked');
const t45 = row('T45', 'consent that another site, or another user, takes back');

const needs = 'sallyport' as const;
const client = 'client_00000000000000000000';
const evil = encodeURIComponent('https://evil.test/cb');
const form = 'Content-Type: application/x-www-form-urlencoded';
const nowhere = { upstream: nothing, needs, answer: [omits('location')] } as const;
const uid = 'V1StGXR8_Z5jdHi6B-myT';
const basic = Buffer.from(`${client}:sp_cs_x`).toString('base64');
const appPath = `/auth/account/apps/${client}`;

const authorizations = [
  '',
  `?client_id=${client}`,
  `?client_id=${client}&redirect_uri=${evil}&response_type=code`,
  `?client_id=${client}&redirect_uri=${evil}&response_type=token&prompt=none`,
  `?client_id=${client}&client_id=${client}&redirect_uri=${evil}`,
  `?client_id[]=${client}&redirect_uri=${evil}`,
  `?client_id=https://evil.test/client&redirect_uri=${evil}`,
  `?request_uri=${evil}`,
  `?client_id=${client}&request=eyJhbGciOiJub25lIn0.e30.`,
  `?client_id=__proto__&redirect_uri=${evil}`,
  `?client_id=${'a'.repeat(4000)}`,
].map((query) => ({ target: `/oauth2/auth${query}` }));

const post = (target: string, body: string, headers: readonly string[] = []): RequestText => ({
  method: 'POST',
  target,
  headers: [form, ...headers],
  body,
});

export const oauthProviderCases: readonly AttackCase[] = [
  ...t40.requests(authorizations, { ...nowhere, status: [400, 401] }),
  ...t40.requests(
    authorizations.map((request) => ({ ...request, headers: [cookieOf('alice')] })),
    { ...nowhere, status: [400, 401] },
  ),
  ...t40.requests(
    [`?post_logout_redirect_uri=${evil}&client_id=${client}`, '?id_token_hint=a.b.c', `?client_id=${client}`].map(
      (query) => ({ target: `/oauth2/session/end${query}`, headers: [cookieOf('alice')] }),
    ),
    { ...nowhere, status: [400, 401] },
  ),
  ...t40.requests(
    [post('/oauth2/session/end/confirm', 'logout=yes&xsrf=0', [cookieOf('alice'), 'Origin: https://app.test'])],
    {
      ...nowhere,
      status: 400,
    },
  ),
  ...t41.requests(
    [
      'grant_type=client_credentials',
      `grant_type=client_credentials&client_id=${client}`,
      `grant_type=client_credentials&client_id=${client}&client_secret=x`,
      `grant_type=refresh_token&refresh_token=sp_rt_x&client_id=${client}`,
      `grant_type=password&username=alice&password=x&client_id=${client}`,
      `grant_type=authorization_code&code=x&client_id=${client}`,
      'grant_type=urn:ietf:params:oauth:grant-type:token-exchange',
      ...['{alice}', 'sp_at_x', 'a.b.c'].map(
        (subject) =>
          `grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=${subject}&subject_token_type=urn:ietf:params:oauth:token-type:access_token&client_id=${client}`,
      ),
      'client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      `client_id=${client}&client_id=${client}`,
    ].flatMap((body) => [
      post('/oauth2/token', body),
      post('/oauth2/token', body, [cookieOf('root')]),
      post('/oauth2/token', body, ['X-API-Key: {key}']),
    ]),
    {
      status: [400, 401],
      upstream: nothing,
      needs,
      answer: [omits('set-cookie'), says('cache-control', /no-store/), reveals('access_token').nothingOf],
    },
  ),
  ...t41.requests(
    [[], ['Authorization: Bearer sp_at_x'], ['Authorization: Bearer {alice}'], [cookieOf('root')]].map((headers) => ({
      target: '/oauth2/userinfo',
      headers,
    })),
    { status: [400, 401], upstream: nothing, needs, answer: [reveals('email', 'alice').nothingOf] },
  ),
  ...t42.requests(
    ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'].flatMap((target) =>
      [
        ['X-Forwarded-Host: evil.test'],
        ['X-Forwarded-Proto: http'],
        ['Forwarded: host=evil.test'],
        ['X-Original-URL: https://evil.test/'],
      ].map((headers) => ({ target, headers })),
    ),
    { status: [200, 400], upstream: nothing, needs, answer: [reveals('evil.test', 'http://app.test').nothingOf] },
  ),
  ...t43.requests(
    [[], [cookieOf('alice')], [`Cookie: {cookie}={alice}; __Secure-sallyport-oauth-asked=${uid}`]].map((headers) => ({
      method: 'POST',
      target: `/auth/oauth/${uid}/decision`,
      headers: [...headers, 'Origin: https://app.test', 'Content-Type: application/json'],
      body: '{"decision":"allow"}',
    })),
    { status: 404, upstream: nothing, needs },
  ),
  ...t43.requests(
    [
      {
        method: 'POST',
        target: `/auth/oauth/${uid}/decision`,
        headers: [cookieOf('alice'), 'Origin: https://evil.test', 'Content-Type: application/json'],
        body: '{"decision":"allow"}',
      },
    ],
    { status: 403, upstream: nothing, needs },
  ),
  ...t44.requests(
    ['/oauth2/introspect', '/oauth2/revoke'].flatMap((target) =>
      [
        { headers: ['Content-Type: application/json'], body: '{"token":"x"}' },
        { headers: ['Content-Type: application/json', 'Accept: text/html'], body: '{' },
        { headers: ['Content-Type: application/json', `Authorization: Basic ${basic}`], body: '{"token":"x"}' },
        { headers: ['Content-Type: application/json', cookieOf('root')], body: '{"token":"x"}' },
        { headers: [form, `Authorization: Basic ${basic}`], body: 'token=a.b.c' },
        { headers: [form], body: `token=x&client_id=${client}` },
      ].map((request) => ({ method: 'POST', target, ...request })),
    ),
    {
      status: 401,
      upstream: nothing,
      needs,
      answer: [says('cache-control', /no-store/), reveals('"active"', 'text/html').nothingOf],
    },
  ),
  ...t45.requests(
    [[], ['Origin: https://app.test']].map((headers) => ({ method: 'DELETE', target: appPath, headers })),
    { status: 401, upstream: nothing, needs },
  ),
  ...t45.requests(
    [['Origin: https://evil.test'], ['Sec-Fetch-Site: cross-site'], ['Origin: null']].map((headers) => ({
      method: 'DELETE',
      target: appPath,
      headers: [cookieOf('alice'), ...headers],
    })),
    { status: 403, upstream: nothing, needs },
  ),
  ...t45.requests(
    [client, 'none', '__proto__', '%2e%2e', 'a'.repeat(300)].map((id) => ({
      method: 'DELETE',
      target: `/auth/account/apps/${id}`,
      headers: [cookieOf('alice'), 'Origin: https://app.test'],
    })),
    { status: [400, 404], upstream: nothing, needs },
  ),
];
