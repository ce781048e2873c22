import { omits, says, type AnswerOracle } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* X20 on: scripts of other sites, where the gateway lets those of https://spa.test in with a key or a token (CORS). */

const x20 = row('X20', 'PortSwigger, CORS: an origin that is not listed');
const x21 = row('X21', 'PortSwigger, CORS: the listed origin, with the session of its visitor');
const x22 = row('X22', 'Fetch, CORS-preflight fetch');
const x23 = row('X23', 'CORS: what else is at the same gateway');
const x24 = row('X24', 'CORS: keys that a script of another site holds');
const x25 = row('X25', 'CORS: refusals that a script has to read');

const listed = 'https://spa.test';
const notListed = [
  'https://evil.test',
  'null',
  'NULL',
  '*',
  'http://spa.test',
  'https://spa.test:8443',
  'https://spa.test:443',
  'https://spa.test.',
  'https://spa.test/',
  'https://SPA.test',
  'HTTPS://spa.test',
  'https://spa.test.evil.test',
  'https://evilspa.test',
  'https://sub.spa.test',
  'https://spa.test@evil.test',
  'https://evil.test\\.spa.test',
  'https://spa.test%60.evil.test',
  'https://spa.test, https://evil.test',
  'https://evil.test https://spa.test',
  'https://spa.test https://spa.test',
  '"https://spa.test"',
  'spa.test',
  '//spa.test',
  'file://',
  'chrome-extension://spa.test',
];
/** Where the gateway answers scripts of a listed site. */
const shared = ['/keyed/x', '/programs/x', '/auth/token', '/auth/token/refresh', '/auth/sessions', '/auth/sessions/x'];
const allHeaders = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
];
const tellsNothing = omits(...allHeaders);
const varies = says('vary', /\borigin\b/i);
const needs = 'sallyport';
/** Where it is answered at all, nothing is offered that scripts could not do from a page of this origin. */
const offersUsualMethods: AnswerOracle = (answer) =>
  answer.status === 204
    ? says('access-control-allow-methods', /^GET, HEAD, POST, PUT, PATCH, DELETE$/)(answer)
    : undefined;

const preflight = (target: string, origin: string, method = 'POST', more: readonly string[] = []): RequestText => ({
  method: 'OPTIONS',
  target,
  headers: [
    `Origin: ${origin}`,
    `Access-Control-Request-Method: ${method}`,
    'Access-Control-Request-Headers: authorization,content-type',
    ...more,
  ],
});
const script = (method: string, target: string, origin: string, more: readonly string[]): RequestText => ({
  method,
  target,
  headers: [`Origin: ${origin}`, 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty', ...more],
  ...(method === 'GET' ? {} : { body: '{}' }),
});
const sites = ['cross-site', 'same-site'].map((site) => `Sec-Fetch-Site: ${site}`);

export const crossOriginCases: readonly AttackCase[] = [
  ...x20.requests(
    shared.flatMap((target) => notListed.map((origin) => preflight(target, origin))),
    { status: 403, upstream: nothing, answer: [tellsNothing, varies], needs },
  ),
  ...x20.requests(
    [
      {
        ...preflight('/keyed/x', listed),
        headers: [...(preflight('/keyed/x', listed).headers ?? []), `Origin: ${listed}`],
      },
      preflight('/keyed/x', 'https://evil.test', 'POST', [`Origin: ${listed}`]),
      preflight('/keyed/x', 'https://evil.test', 'POST', ['Host: spa.test']),
      preflight('/keyed/x', 'https://evil.test', 'POST', [`X-Forwarded-Host: spa.test`, `Referer: ${listed}/`]),
    ],
    { status: [400, 403], upstream: nothing, answer: [tellsNothing], needs },
  ),
  ...x21.requests(
    sites.flatMap((site) => [
      ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) =>
        script(method, '/keyed/x', listed, [site, cookieOf('alice')]),
      ),
      script('POST', '/programs/x', listed, [site, cookieOf('root')]),
      script('POST', '/auth/sign-out', listed, [site, cookieOf('alice')]),
      script('POST', '/auth/session', listed, [site, cookieOf('alice')]),
      script('DELETE', '/auth/sessions/x', listed, [site, cookieOf('alice')]),
      script('POST', '/auth/sessions/revoke-all', listed, [site, cookieOf('alice')]),
    ]),
    { status: 403, upstream: nothing, answer: [omits('access-control-allow-credentials')], needs },
  ),
  ...x21.requests(
    sites.flatMap((site) =>
      ['/keyed/x', '/programs/x', '/auth/sessions'].map((target) =>
        script('GET', target, listed, [site, cookieOf('alice')]),
      ),
    ),
    { status: 401, upstream: nothing, answer: [omits('access-control-allow-credentials')], needs },
  ),
  ...x21.requests(
    ['GET', 'POST'].flatMap((method) => [
      script(method, '/keyed/x', listed, [cookieOf('alice'), 'X-API-Key: {key}']),
      script(method, '/programs/x', listed, [cookieOf('alice'), 'Authorization: Bearer a.b.c']),
    ]),
    { status: 400, upstream: nothing, answer: [omits('access-control-allow-credentials')], needs },
  ),
  ...x22.requests(
    shared.map((target) => preflight(target, listed, 'POST', [cookieOf('alice'), 'X-API-Key: {key}'])),
    {
      status: 204,
      upstream: nothing,
      answer: [
        says('access-control-allow-origin', /^https:\/\/spa\.test$/),
        omits('access-control-allow-credentials', 'set-cookie'),
        varies,
      ],
      needs,
    },
  ),
  ...x22.requests(
    ['TRACE', 'CONNECT', 'PROPFIND', 'post', '*', 'POST, TRACE', 'GET\t', '__proto__'].map((method) =>
      preflight('/keyed/x', listed, method),
    ),
    {
      status: [204, 400, 403, 405],
      upstream: nothing,
      answer: [omits('access-control-allow-credentials'), offersUsualMethods],
      needs,
    },
  ),
  ...x22.requests(
    [
      { method: 'OPTIONS', target: '/keyed/x', headers: [`Origin: ${listed}`] },
      { method: 'OPTIONS', target: '/keyed/x', headers: ['Access-Control-Request-Method: POST'] },
      { method: 'OPTIONS', target: '/programs/x', headers: [`Origin: ${listed}`, cookieOf('alice')] },
    ],
    { status: [401, 403, 405], upstream: nothing, needs },
  ),
  ...x23.requests(
    [
      '/api/x',
      '/admin/x',
      '/events',
      '/ws',
      '/auth',
      '/auth/session',
      '/auth/sessionsx',
      '/auth/sessions/../session',
      '/auth/tokens',
      '/auth/tokenx',
      '/auth/sign-in/email',
      '/auth/sign-up/email',
      '/auth/sign-out',
      '/auth/api-keys',
      '/auth/token/../session',
      '/auth/token/..%2fsession',
      '/auth/token;/../session',
      '/keyed/../admin/x',
      '/keyed/..%2fadmin/x',
      '/webhooks/plain',
    ].map((target) => preflight(target, listed)),
    { status: [400, 401, 403, 404, 405], upstream: nothing, answer: [tellsNothing], needs },
  ),
  // Those go to a service that strangers may ask, and which says nothing of other sites.
  ...x23.requests(
    ['/page', '/keyedx'].map((target) => preflight(target, listed)),
    { status: 200, upstream: anonymous(), answer: [tellsNothing], needs },
  ),
  ...x24.requests(
    notListed.slice(0, 6).map((origin) => script('POST', '/keyed/x', origin, ['X-API-Key: {key}'])),
    { status: 403, upstream: nothing, answer: [tellsNothing, varies], needs },
  ),
  ...x24.requests(
    ['https://evil.test', 'https://spa.test.evil.test'].map((origin) =>
      script('GET', '/keyed/x', origin, ['X-API-Key: {key}']),
    ),
    { status: 200, upstream: user('alice', { nowhere: ['sp_key_'] }), answer: [tellsNothing, varies], needs },
  ),
  ...x24.requests(
    ['GET', 'POST'].map((method) => script(method, '/keyed/x', listed, ['X-API-Key: {key}'])),
    {
      status: 200,
      upstream: user('alice', { nowhere: ['sp_key_'] }),
      answer: [
        says('access-control-allow-origin', /^https:\/\/spa\.test$/),
        omits('access-control-allow-credentials'),
        varies,
      ],
      needs,
    },
  ),
  ...x25.requests(
    [
      script('GET', '/keyed/x', listed, []),
      script('POST', '/keyed/x', listed, []),
      script('GET', '/keyed/x', listed, ['X-API-Key: sp_key_0']),
      script('GET', '/programs/x', listed, ['Authorization: Bearer a.b.c']),
      script('GET', '/programs/x', listed, ['X-API-Key: {key}']),
    ],
    {
      status: 401,
      upstream: nothing,
      answer: [
        says('access-control-allow-origin', /^https:\/\/spa\.test$/),
        omits('access-control-allow-credentials'),
        varies,
      ],
      needs,
    },
  ),
];
