import type { AttackCase } from '../runner/attack-case.ts';
import { omits } from '../runner/answer-oracles.ts';
import { anonymous, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* I: a client that says who it is, and an upstream that says it back. */

const i01 = row('I01', 'Caddy CVE-2026-30851; APISIX CVE-2026-31908');
const i02 = row('I02', 'oauth2-proxy CVE-2025-64484; Traefik CVE-2026-39858; Caddy GHSA-f59h');
const i04 = row('I04', 'Traefik CVE-2026-88011');
const i05 = row('I05', 'Caddy CVE-2026-30851; Authelia GHSA-x883');
const i06 = row('I06', 'Fabio CVE-2025-48865: Connection names what the gateway adds');
const i07 = row('I07', 'Pomerium: cookie and bearer');
const i08 = row('I08', 'RFC 9110, section 5.3');
const i10 = row('I10', 'Duende; Pomerium clean-upstream.lua');
const i11 = row('I11', 'RFC 9110, section 6.5.1');
const i12 = row('I12', 'RFC 9110, section 7.6.1');
const i13 = row('I13', 'Pomerium; cookie names of Better Auth');

const evil = 'evil-identity';
const spellings = (name: string): readonly string[] => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replaceAll('-', '.'),
  name.replace('-', '_').toLowerCase(),
  name.replaceAll('-', ''),
  name.replaceAll('-', '--'),
  `${name}-`,
  `-${name}`,
  name.replaceAll('-', '!'),
  name.replaceAll('-', "'"),
  name.replaceAll('-', '~'),
];
const identityNames = [
  'X-Sallyport-User',
  'X-Sallyport-Roles',
  'X-Sallyport-Sid',
  'X-Sallyport-Anything',
  'Remote-User',
  'X-Remote-User',
  'X-User-Id',
  'X-Permissions',
  'X-Jwt',
  'X_Scopes',
  'x.account.id',
  'X-Internal-User',
  'X-User',
  'X-Auth-User',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Client-Cert',
  'X-SSL-Client-Cert',
  'X-SSL-Client-Verify',
  'Client-Cert',
  'Sallyport-User',
  '__Host-Sallyport',
  'Auth-User',
  'Logon-User',
  'Impersonate-User',
  'X-Impersonate-Group',
  'X-Role',
  'X-Email',
  'X-Jwt-Assertion',
  'X-Endpoint-API-UserInfo',
  'X-Proxy-Remote-User',
  'X-Serverless-Authorization',
  'X-ARR-ClientCert',
  'X-Client-Dn',
  'X-Tls-Client-Cert',
  'HTTP-Remote-User',
  'Shib-Session-Id',
  'Mellon-Name',
] as const;

/** Set-Cookie values of an upstream that would set or clear what is the gateway's. */
const cookiesOfOurs = [
  '__Host-sallyport=evil; Path=/; Secure',
  '__Host-sallyport=; Max-Age=0; Path=/; Secure',
  '__host-SALLYPORT=evil',
  '__Secure-sallyport=evil',
  'sallyport=evil; Domain=app.test',
  'sallyport-pending=evil',
  '__Host-sallyport.0=evil',
  '=__Host-sallyport=evil',
  ' __Host-sallyport=evil',
  '%A0__Host-sallyport=evil',
  '\t__Host-sallyport=evil',
  '__Http-sallyport=evil',
  '__Host-Http-sallyport=evil',
  '__Host-sallyport',
  ' =__Host-sallyport=evil',
  '%20%20__Host-sallyport=evil',
  '= __Host-sallyport=evil',
  'x__Host-sallyport=evil',
  '__Host-__Host-sallyport=evil',
  '__Http-Host-sallyport=evil',
  '%AD__Host-sallyport=evil',
  '"__Host-sallyport"=evil',
];

export const identityCases: readonly AttackCase[] = [
  ...i01.requests(
    identityNames.map((name) => ({ target: '/public/x', headers: [`${name}: ${evil}`, 'X-Kept: yes'] })),
    { status: 200, upstream: anonymous({ nowhere: [evil], headers: { 'x-kept': 'yes' } }) },
  ),
  ...identityNames.slice(0, 6).flatMap((name) =>
    i02.requests(
      spellings(name).map((spelling) => ({ target: '/public/x', headers: [`${spelling}: ${evil}`] })),
      { status: 200, upstream: anonymous({ nowhere: [evil] }) },
    ),
  ),
  ...i02.requests(
    spellings('Authorization').map((spelling) => ({ target: '/public/x', headers: [`${spelling}: Bearer ${evil}`] })),
    { status: 200, upstream: anonymous({ nowhere: [evil] }) },
  ),
  ...i02.requests(
    [
      'Auth_orization',
      'Author-ization',
      'AUTHORIZATION_',
      'Proxy-Authorization',
      'Proxy_Authorization',
      'Cook_ie',
      'Cookie2',
      'Coo.kie',
    ].map((spelling) => ({
      target: '/page',
      headers: [`${spelling}: ${evil}`],
    })),
    { status: 200, upstream: anonymous({ nowhere: [evil] }) },
  ),
  ...i04.requests(
    [
      { target: '/public/x', headers: [`X-Sallyport-User: ${evil}`, `X-Sallyport-User: ${evil}2`] },
      { target: '/page', headers: [`x-SALLYPORT_user: ${evil}`, `X-Sallyport.User: ${evil}`] },
    ],
    { status: 200, upstream: anonymous({ nowhere: [evil] }) },
  ),
  ...i05.requests(
    ['X-Sallyport-Roles: admin', 'x_sallyport_roles: admin', 'X-Sallyport.Roles: admin'].map((line) => ({
      target: '/api/x',
      headers: [line, cookieOf('alice')],
    })),
    { status: 200, upstream: user('alice', { nowhere: [': admin', '\nadmin'] }) },
  ),
  ...i05.requests([{ target: '/admin/x', headers: ['X-Sallyport-Roles: admin', cookieOf('alice')] }], {
    status: 403,
    upstream: nothing,
  }),
  ...i06.requests(
    [
      'authorization',
      'Authorization, X-Forwarded-For',
      'cookie',
      'host',
      'x-request-id, traceparent, X-Forwarded-Host, X-Forwarded-Proto',
      'close, authorization',
      'keep-alive, Authorization',
    ].map((names) => ({
      target: '/api/x',
      headers: [`Connection: ${names}`, cookieOf('alice')],
    })),
    {
      status: 200,
      upstream: user('alice', {
        headers: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'app.test', host: 'app.test' },
      }),
    },
  ),
  ...i07.requests(
    [
      { target: '/api/x', headers: [`Authorization: Bearer ${evil}`, cookieOf('alice')] },
      { target: '/page', headers: [`Authorization: Bearer ${evil}`, cookieOf('alice')] },
      { target: '/api/x', headers: ['Authorization:', cookieOf('alice')] },
    ],
    { status: 400, upstream: nothing },
  ),
  ...i07.requests([{ target: '/api/x', headers: ['Authorization: Basic cm9vdDpyb290', cookieOf('alice')] }], {
    status: 200,
    upstream: user('alice'),
  }),
  ...i08.requests(
    [
      { target: '/api/x', headers: ['Authorization: Bearer a', 'Authorization: Bearer b'] },
      { target: '/public/x', headers: ['Authorization: Bearer a', 'authorization: Bearer a'] },
      { target: '/page', headers: ['Authorization: Bearer a', 'AUTHORIZATION: Basic b', cookieOf('alice')] },
    ],
    { status: 400, upstream: nothing },
  ),
  ...i10.requests(
    [
      [`{cookie}={alice}; theme=dark`],
      [`theme=dark; {cookie}={alice}`],
      [`theme=dark;{cookie}={alice};`],
      [`  {cookie}={alice} ;theme=dark`],
      [`{cookie}={alice}; {cookie}={alice}; theme=dark`],
      [`theme=dark; {cookie}.0=a; {cookie}-x=b; sallyport=c; __Secure-sallyport=d; {cookie}={alice}`],
      // Names that are ours to a parser which splits elsewhere, decodes or trims.
      [`theme=dark; a=b, {cookie}={root}; {cookie}={alice}`],
      [`theme=dark; a="{cookie}={root}"; {cookie}={alice}`],
      [`theme=dark; %5F%5FHost-sallyport={root}; {cookie}={alice}`],
      [`theme=dark; x{cookie}={root}; {cookie}={alice}`],
    ].map(([value]) => ({ target: '/api/x', headers: [`Cookie: ${value}`] })),
    {
      status: 200,
      upstream: user('alice', {
        headers: { cookie: 'theme=dark' },
        nowhere: ['allyport=', 'allyport.0', 'allyport-x'],
      }),
    },
  ),
  ...i10.requests([{ target: '/api/x', headers: [cookieOf('alice'), 'Cookie: theme=dark'] }], {
    status: 200,
    upstream: user('alice', { headers: { cookie: 'theme=dark' } }),
  }),
  i11.bytes(
    'identity in trailers',
    'POST /public/x HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sallyport-User\r\nConnection: close\r\n\r\n2\r\nhi\r\n0\r\nX-Sallyport-User: evil-identity\r\nAuthorization: Bearer evil-identity\r\nX-Other: evil-identity\r\n\r\n',
    { status: 200, upstream: anonymous({ body: 'hi', nowhere: [evil], without: ['trailer'] }) },
  ),
  ...i12.requests(
    [
      'TE: trailers, evil-identity',
      'Keep-Alive: evil-identity',
      'Proxy-Connection: evil-identity',
      'Trailer: evil-identity',
      'HTTP2-Settings: evil-identity',
    ].map((line) => ({ target: '/public/x', headers: [line] })),
    { status: 200, upstream: anonymous({ nowhere: [evil] }) },
  ),
  ...i12.requests(
    [
      {
        target: '/public/x',
        headers: ['Connection: close, X-Named, X_Named2', 'X-Named: evil-identity', 'X_Named2: evil-identity'],
      },
    ],
    {
      status: 200,
      upstream: anonymous({ nowhere: [evil] }),
    },
  ),
  ...cookiesOfOurs.flatMap((value) =>
    i13.requests(
      [
        {
          target: `/public/x?sp_set_cookie=${value.includes('%') ? value.replaceAll(' ', '%20').replaceAll(';', '%3B') : encodeURIComponent(value)}&sp_set_cookie=theme=dark`,
        },
      ],
      { status: [200, 500, 502], upstream: anonymous(), answer: [hasNoCookieOfOurs] },
    ),
  ),
  ...i13.requests([{ target: '/api/x?sp_set_cookie=__Host-sallyport%3Devil', headers: [cookieOf('alice')] }], {
    status: 200,
    upstream: user('alice'),
    answer: [omits('set-cookie')],
  }),
];

function hasNoCookieOfOurs({
  headers,
}: {
  readonly headers: readonly (readonly [string, string])[];
}): string | undefined {
  const found = headers.filter(([name, value]) => name === 'set-cookie' && /sallyport/i.test(value));
  return found.length === 0 ? undefined : `the upstream set ${JSON.stringify(found.map(([, value]) => value))}`;
}
