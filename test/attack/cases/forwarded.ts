import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* F: what a client says about where it comes from. */

const f01 = row('F01', 'oauth2-proxy CVE-2026-40575');
const f02 = row('F02', 'Heimdall; mod_auth_openidc');
const f03 = row('F03', 'Oathkeeper GHSA-vhr5');
const f04 = row('F04', 'Caddy-security #270; Fastify CVE-2026-3635');
const f05 = row('F05', 'authentik CVE-2023-36456; Hono 41adbf56');
const f06 = row('F06', 'A declared proxy is believed as far as its own words go');
const f07 = row('F07', 'Traefik CVE-2026-35051, CVE-2026-54764');
const f08 = row('F08', 'Better Auth on address headers');
const f09 = row('F09', 'Folded names of what a proxy says (Traefik CVE-2026-39858, CVE-2026-88011)');
const h10 = row('H10', 'Heimdall requestvalidation');

const evil = '6.6.6.6';

const rebuilt = {
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-host': 'app.test',
  'x-forwarded-proto': 'https',
  'x-forwarded-uri': '/public/x',
  host: 'app.test',
} as const;

/** Names that say something about the request and its way, in the spellings of proxies, CDNs and frameworks. */
const aboutTheWay: readonly string[] = [
  [
    'X-Forwarded-Uri',
    'X-Forwarded-Path',
    'X-Forwarded-Method',
    'X-Forwarded-Prefix',
    'X-Forwarded-Port',
    'X-Forwarded-Server',
  ],
  [
    'X-Forwarded-By',
    'X-Forwarded-Scheme',
    'X-Forwarded-Protocol',
    'X-Forwarded-Ssl',
    'X-Forwarded-Client-Cert',
    'X-Forwarded-User',
  ],
  [
    'X-Forwarded-Email',
    'X-Forwarded-Groups',
    'X-Forwarded-Access-Token',
    'X-Forwarded-Preferred-Username',
    'X-Forwarded-Tls-Client-Cert',
  ],
  [
    'X-Forwarded',
    'Forwarded',
    'Via',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-For',
    'X-Forwarded-Request-Id',
  ],
  [
    'X-Original-URL',
    'X-Original-Uri',
    'X-Original-Method',
    'X-Original-Host',
    'X-Original-Forwarded-For',
    'X-Rewrite-URL',
    'X-Rewrite-Uri',
  ],
  [
    'X-Real-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'CF-Connecting-IPv6',
    'Fastly-Client-IP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
  ],
  [
    'X-Envoy-External-Address',
    'X-Envoy-Original-Path',
    'X-Azure-ClientIP',
    'Fly-Client-IP',
    'X-Appengine-User-IP',
    'X-ProxyUser-IP',
  ],
  [
    'X-Host',
    'X-Proxy-Url',
    'Front-End-Https',
    'X-Url-Scheme',
    'X-Scheme',
    'Proxy',
    'Client-IP',
    'X-Remote-IP',
    'X-Remote-Addr',
  ],
  [
    'X-Amzn-Oidc-Data',
    'X-Amzn-Oidc-Identity',
    'X-Amzn-Oidc-Accesstoken',
    'X-Goog-Authenticated-User-Email',
    'X-Goog-Iap-Jwt-Assertion',
  ],
  [
    'X-Ms-Client-Principal',
    'X-Ms-Client-Principal-Id',
    'Cf-Access-Jwt-Assertion',
    'Cf-Access-Authenticated-User-Email',
  ],
  [
    'Forwarded-For',
    'Forwarded-Host',
    'X-Forward-For',
    'X-Originating-IP',
    'Source-IP',
    'X-Source-IP',
    'X-Peer-IP',
    'Real-IP',
    'X-Real-Host',
    'X-Host-Override',
    'X-HTTP-Host-Override',
    'X-Backend-Host',
    'X-Custom-IP-Authorization',
    'WL-Proxy-Client-IP',
    'Proxy-Client-IP',
    'HTTP-Client-IP',
    'X-NF-Client-Connection-IP',
    'HTTP-X-Forwarded-For',
    'Script-Name',
    'X-Script-Name',
    'X-Request-URI',
    'X-Accel-Redirect',
    'X-Accel-Mapping',
    'X-Sendfile-Type',
    'X-Appengine-Inbound-Appid',
    'X-ARR-SSL',
  ],
  [
    'Tailscale-User-Login',
    'X-Pomerium-Claim-Email',
    'X-Pomerium-Jwt-Assertion',
    'X-Webauth-User',
    'X-Authentik-Username',
  ],
].flat();

export const forwardedCases: readonly AttackCase[] = [
  ...f01.requests(
    [
      { target: '/api/x', headers: ['X-Forwarded-Uri: /public/x'] },
      {
        target: '/admin/x',
        headers: ['X-Forwarded-Uri: /public/x', 'X-Forwarded-Method: GET', 'X-Forwarded-Host: shop.test'],
      },
      { target: '/api/x', headers: ['X-Forwarded-Path: /public/x'] },
      { target: '/api/x', headers: ['X_Forwarded_Uri: /public/x'] },
    ],
    { status: 401, upstream: nothing },
  ),
  ...f02.requests(
    [
      'X-Original-URL: /public',
      'X-Rewrite-URL: /public',
      'X-Original-Method: OPTIONS',
      'X-Forwarded-Method: OPTIONS',
      'X-Original-Uri: /public/x',
      'X-Envoy-Original-Path: /public/x',
    ].map((line) => ({ target: '/api/x', headers: [line] })),
    { status: 401, upstream: nothing },
  ),
  ...f02.requests([{ target: '/admin/x', headers: ['X-Original-URL: /public/x', cookieOf('alice')] }], {
    status: 403,
    upstream: nothing,
  }),
  ...f03.requests(
    [
      {
        method: 'POST',
        target: '/api/x',
        headers: [
          'X-Forwarded-Proto: https',
          'X-Forwarded-Host: evil.test',
          'Origin: https://evil.test',
          cookieOf('alice'),
        ],
      },
      {
        method: 'POST',
        target: '/api/x',
        headers: [
          'X-Forwarded-Host: evil.test',
          'Origin: https://evil.test',
          'Sec-Fetch-Site: same-origin',
          cookieOf('alice'),
        ],
      },
    ],
    { status: 403, upstream: nothing },
  ),
  ...f04.requests(
    ['javascript', 'https://evil/', 'https, http', 'http', 'HTTPS', '', 'wss', 'https\u00a0'].map((value) => ({
      target: '/public/x',
      headers: [`X-Forwarded-Proto: ${value}`],
    })),
    { status: 200, upstream: anonymous({ headers: rebuilt }) },
  ),
  ...f05.requests(
    ['127.0.0.1', '10.0.0.1', '127.0.0.1, 10.0.0.1', '::1', 'unknown', evil, '"><script>', '6.6.6.6:80', ''].map(
      (value) => ({
        target: '/public/x',
        headers: [`X-Forwarded-For: ${value}`],
      }),
    ),
    { status: 200, upstream: anonymous({ headers: rebuilt }) },
  ),
  ...aboutTheWay.flatMap((name) =>
    f07.requests([{ target: '/public/x', headers: [`${name}: ${evil}.evil`] }], {
      status: 200,
      upstream: anonymous({ headers: rebuilt, nowhere: [`${evil}.evil`] }),
    }),
  ),
  ...aboutTheWay
    .filter((name) => name.includes('-'))
    .flatMap((name) =>
      f09.requests(
        [name.replaceAll('-', '_'), `_${name.replaceAll('-', '.').toUpperCase()}`].map((spelling) => ({
          target: '/public/x',
          headers: [`${spelling}: ${evil}.evil`],
        })),
        { status: [200, 400], upstream: anonymous({ headers: rebuilt, nowhere: [`${evil}.evil`] }) },
      ),
    ),
  ...f08.requests(
    [
      'X-Real-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
      'Fastly-Client-IP',
      'X-Client-IP',
      'X-Envoy-External-Address',
    ].map((name) => ({
      target: '/api/x',
      headers: [`${name}: ${evil}`, cookieOf('alice')],
    })),
    { status: 200, upstream: user('alice', { headers: { 'x-forwarded-for': '127.0.0.1' }, nowhere: [evil] }) },
  ),
  ...h10.requests(
    [
      { target: '/public/x', headers: ['X-Forwarded-Host: app.test', 'X-Forwarded-Host: evil.test'] },
      { target: '/public/x', headers: ['X-Forwarded-Host: app.test, evil.test'] },
      { target: '/public/x', headers: ['X-Forwarded-Host: app.test,app.test'] },
    ],
    { status: 400, upstream: nothing, needs: 'trusted-proxy' },
  ),
  ...f04.requests(
    ['javascript', 'https://evil/', 'http, rubbish', 'ftp', ''].map((value) => ({
      target: '/public/x',
      headers: [`X-Forwarded-Proto: ${value}`],
    })),
    { status: 400, upstream: nothing, needs: 'trusted-proxy' },
  ),
  ...f04.requests(
    ['https, http', 'ws', 'rubbish, ws'].map((value) => ({
      target: '/public/x',
      headers: [`X-Forwarded-Proto: ${value}`],
    })),
    { status: 403, upstream: nothing, needs: 'trusted-proxy' },
  ),
  ...f04.requests([{ method: 'POST', target: '/public/x', headers: ['X-Forwarded-Proto: http'] }], {
    status: 403,
    upstream: nothing,
    needs: 'trusted-proxy',
  }),
  ...(
    [
      ['203.0.113.9', '203.0.113.9'],
      ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
      ['6.6.6.6, 203.0.113.9, 127.0.0.1', '203.0.113.9'],
      ['203.0.113.9, rubbish', '127.0.0.1'],
      ['rubbish, 203.0.113.9', '203.0.113.9'],
      ['::ffff:203.0.113.9', '203.0.113.9'],
      ['::FFFF:cb00:7109', '203.0.113.9'],
      ['0:0:0:0:0:ffff:203.0.113.9', '203.0.113.9'],
      ['203.0.113.9, ::ffff:127.0.0.1', '203.0.113.9'],
      ['203.0.113.9:1234', '203.0.113.9'],
      ['6.6.6.6, [2001:db8::7]:1234', '2001:db8::7'],
      ['203.0.113.9:rubbish', '127.0.0.1'],
      ['', '127.0.0.1'],
    ] as const
  ).flatMap(([sent, client]) =>
    f06.requests([{ target: '/public/x', headers: [`X-Forwarded-For: ${sent}`] }], {
      status: 200,
      upstream: anonymous({ headers: { 'x-forwarded-for': client } }),
      needs: 'trusted-proxy',
    }),
  ),
  ...f06.requests(
    [
      {
        target: '/public/x',
        headers: [
          'X-Forwarded-Host: evil.test',
          'X-Forwarded-Port: 1',
          'X-Forwarded-Uri: /admin',
          'Forwarded: host=evil.test',
          'X-Real-IP: 6.6.6.6',
        ],
      },
    ],
    {
      status: 200,
      upstream: anonymous({ headers: { ...rebuilt }, nowhere: ['evil.test', evil] }),
      needs: 'trusted-proxy',
    },
  ),
];
