import { omits, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, either, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* K: what caches may keep, and what an answer tells of the inside. */

const k01 = row('K01', 'Web cache deception');
const k02 = row('K02', 'Hono 12c51174, 568c2ecc');
const k03 = row('K03', 'RFC 9110, section 12.5.5');
const k05 = row('K05', 'Internal names');
const k06 = row('K06', 'ASVS 3.4');

const hers = [says('cache-control', /^private, no-store$/), says('vary', /cookie/i)];

export const cachingCases: readonly AttackCase[] = [
  ...k01.requests(
    [
      '/api/me/x.css',
      '/api/me/x.js',
      '/api/me/x.png',
      '/api/me.css',
      '/api/me/%0a.css'.replace('%0a', '%20'),
      '/api/me/robots.txt',
      '/api/static/x.woff2',
      '/api/me?x.css',
      '/api/me%3Fx.css'.replace('%3F', '_'),
      '/api/me/.well-known/x',
    ].map((target) => ({
      target,
      headers: [cookieOf('alice')],
    })),
    { status: 200, upstream: user('alice'), answer: hers },
  ),
  ...k01.requests(
    ['/api/me%2fx.css', '/api/me;.js', '/api/me%23.css', '/api/me%3f.css', '/api/me%00.css', '/api/me%5cx.css'].map(
      (target) => ({ target, headers: [cookieOf('alice')] }),
    ),
    {
      status: 400,
      upstream: nothing,
    },
  ),
  ...k02.requests(
    [
      '/api/x?sp_set_cookie=theme%3Ddark',
      '/page?sp_set_cookie=theme%3Ddark',
      '/api/x?sp_status=404',
      '/api/x?sp_status=301&sp_redirect=/y',
      '/api/x?sp_status=500',
      '/api/x?sp_bytes=10',
      '/api/x?sp_status=203',
      '/api/x?sp_status=206',
      '/api/x?sp_status=410',
    ].map((target) => ({ target, headers: [cookieOf('alice')] })),
    { status: [200, 203, 206, 301, 404, 410, 500], upstream: user('alice'), answer: hers },
  ),
  ...k03.requests([{ target: '/page' }, { target: '/page.css' }], {
    status: 200,
    upstream: anonymous(),
    answer: [says('vary', /cookie/i)],
  }),
  ...[
    'http://orders.internal:3001/x',
    'http://10.0.0.5/x',
    'http://localhost:3001/x',
    'http://127.0.0.1:9/x',
    'http://orders/x',
    'http://[::1]/x',
    'http://192.168.1.1/x',
    'http://svc.cluster.local/x',
    'http://x.svc/x',
    'HTTP://LOCALHOST/x',
    'http://169.254.169.254/x',
    'http://172.16.3.4/x',
    'http://[fd00::1]/x',
    'http://[fe80::1]/x',
    'http://[::ffff:10.0.0.1]/x',
    'http://2130706433/x',
    'http://orders.internal./x',
    '//localhost:3001/x',
    '//orders.internal/x',
    'http://user:pass@10.0.0.5/x',
    'http:/localhost/x',
    'http:\\\\localhost\\x',
    '/\\localhost/x',
    '\\\\orders.internal\\x',
    '//orders/x',
    ' http://localhost/x',
    'http://100.64.0.1/x',
    'http://0.0.0.0:3000/x',
    'http://app.local/x',
    'https://localhost/x',
    'https:/127.0.0.1/x',
    'ftp://orders.internal/x',
    'ws://orders.internal:9/x',
    'http://orders.corp/x',
    'http://10.1/x',
    'http://198.18.0.1/x',
    'http://[64:ff9b::a00:1]/x',
  ].flatMap((location) =>
    k05.requests([{ target: `/hooks/x?sp_redirect=${encodeURIComponent(location)}` }], {
      status: [302, 502],
      upstream: anonymous(),
      answer: [
        (answer) => {
          const found = answer.headers.find(([name]) => name === 'location')?.[1] ?? '';
          return /internal|local|127\.0|10\.0|192\.168|169\.254|172\.16|svc|orders|::1|fd00|fe80|2130706433|pass|100\.64|0\.0\.0\.0|198\.18|64:ff9b/i.test(
            found,
          )
            ? `it leads to ${found}`
            : undefined;
        },
      ],
    }),
  ),
  ...[
    '/y',
    '/y?z#a',
    'https://app.test/y',
    'https://elsewhere.test/y',
    'http://billing.internal/y',
    'myapp://callback?code=1',
    'y',
    '?y',
  ].flatMap((location) =>
    k05.requests([{ target: `/public/x?sp_redirect=${encodeURIComponent(location)}` }], {
      status: 302,
      upstream: anonymous(),
      answer: [
        (answer) =>
          answer.headers.some(([name, value]) => name === 'location' && value === location)
            ? undefined
            : 'the redirect was changed',
      ],
    }),
  ),
  ...k05.requests(
    [{ target: '/public/x' }, { target: '/public/x?sp_status=500' }, { target: '/nothing', host: 'evil.test' }],
    {
      status: [200, 421, 500],
      upstream: either(nothing, anonymous()),
      answer: [omits('server', 'x-powered-by', 'via', 'x-aspnet-version')],
    },
  ),
  ...k06.requests(
    [
      { target: '/public/x' },
      { target: '/api/x' },
      { target: '/auth/session' },
      { target: '/healthz' },
      { target: '//' },
    ],
    {
      status: [200, 400, 401],
      upstream: either(nothing, anonymous()),
      answer: [says('strict-transport-security', /max-age=31536000/)],
    },
  ),
  ...k06.requests([{ target: '/public/x' }, { target: '/api/x' }, { target: '/auth/session' }], {
    status: [200, 401],
    upstream: either(nothing, anonymous()),
    answer: [says('x-content-type-options', /^nosniff$/)],
  }),
];
