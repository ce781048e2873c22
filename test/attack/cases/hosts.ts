import { omits, reveals, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, either, nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* H: host, authority, form of the target, method. */

const h01 = row('H01', 'RFC 9112, section 3.2.2; Next.js CVE-2026-44578');
const h02 = row('H02', 'Next.js CVE-2026-44578: SSRF by an upgrade');
const h03 = row('H03', 'RFC 9112, sections 3.2.3 and 3.2.4');
const h04 = row('H04', 'RFC 9112, section 3.2');
const h05 = row('H05', 'Better Auth GHSA-569q');
const h06 = row('H06', 'Authelia CVE-2026-48794: the case of a host');
const h07 = row('H07', 'Heimdall requestvalidation');
const h08 = row('H08', 'RFC 9112, section 3.2');
const h11 = row('H11', 'ASVS 4.1.4; cross-site tracing');
const h13 = row('H13', 'Method overrides of many frameworks');
const h14 = row('H14', 'HTTP/0.9, which Node answers');
const h15 = row('H15', 'RFC 9112, section 2.3');
const h16 = row('H16', 'http-proxy-middleware CVE-2026-55602; oauth2-proxy CVE-2021-21291');
const h17 = row('H17', 'mod_auth_openidc: identity on OPTIONS');

const refused = { status: 400, upstream: nothing } as const;
const webSocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
] as const;

export const hostCases: readonly AttackCase[] = [
  ...h01.requests(
    list(
      'http://evil.test/api/x',
      'https://app.test/public/x',
      'http://app.test/admin/x',
      'HTTP://app.test/public/x',
      'ftp://app.test/public/x',
      'file:///etc/passwd',
      'http://app.test@evil.test/public/x',
      'http:/public/x',
    ),
    refused,
  ),
  ...h02.requests(
    [
      { target: 'http://169.254.169.254/latest', headers: webSocket },
      { target: 'http://app.test/ws', headers: webSocket },
      { target: 'ws://127.0.0.1:1/ws', headers: webSocket },
      { target: '//169.254.169.254/latest', headers: webSocket },
      {
        target: 'http://169.254.169.254/latest',
        headers: [...webSocket, cookieOf('alice'), 'Origin: https://app.test'],
      },
    ],
    refused,
  ),
  ...h03.requests(
    list('app.test', 'app.test:443', 'public/x', '?x', '@evil.test', ':80', '127.0.0.1/public/x'),
    refused,
  ),
  ...h03.requests([{ method: 'OPTIONS', target: '*' }, { target: '*' }], refused),
  h03.bytes('CONNECT', 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n', {
    status: [400, 405],
    upstream: nothing,
    answer: [],
  }),
  ...h04.requests(
    [
      { target: '/api/x', headers: ['Host: evil.test'] },
      { target: '/api/x', host: 'evil.test', headers: ['Host: app.test'] },
      { target: '/public/x', headers: ['Host: app.test'] },
      { target: '/public/x', headers: ['host: shop.test'] },
      { target: '/public/x', headers: ['HOST: app.test', 'hOST: app.test'] },
    ],
    refused,
  ),
  h04.bytes('a Host that is folded', 'GET /public/x HTTP/1.1\r\nHost: app.test\r\n evil.test\r\n\r\n', refused),
  ...h05.requests(
    [
      ...[
        'evil.test',
        'localhost',
        '127.0.0.1',
        '127.0.0.1:9',
        '[::1]',
        'app.test:8443',
        'app.test:80',
        'internal',
      ].map((host) => ({ target: '/public/x', host })),
      { target: '/page', host: 'evil.test', headers: ['Accept: text/html'] },
      { target: '/auth/session', host: 'evil.test' },
    ],
    { status: [404, 421], upstream: nothing, answer: [omits('location'), reveals('evil.test').nothingOf] },
  ),
  ...h06.requests(
    ['APP.test', 'app.TEST', 'app.test:443', 'SHOP.TEST', 'shop.test:443'].map((host) => ({
      target: '/public/x',
      host,
    })),
    { status: 200, upstream: anonymous() },
  ),
  ...h06.requests(
    ['APP.test', 'Shop.Test:443'].map((host) => ({ target: '/admin/x', host })),
    { status: 401, upstream: nothing },
  ),
  ...h07.requests(
    [
      'app.test/admin',
      'app.test@evil.test',
      'app.test?x',
      'app.test#x',
      'app.test:',
      'app.test:99999999',
      'app.test:x',
      'app.test evil.test',
      'app.test,evil.test',
      'app_test',
      'app..test/',
      'http://app.test',
      '[::1',
      '%61pp.test',
      'app.test\\',
      '-app.test',
      'app.test\u00a0',
    ].map((host) => ({ target: '/public/x', host })),
    { status: [400, 421], upstream: nothing },
  ),
  ...h08.requests(
    [
      { target: '/public/x', host: '' },
      { target: '/public/x', host: ' ' },
    ],
    refused,
  ),
  h08.bytes('no Host', 'GET /public/x HTTP/1.1\r\nConnection: close\r\n\r\n', refused),
  h08.bytes('HTTP/1.0 without Host', 'GET /public/x HTTP/1.0\r\n\r\n', refused),
  ...h11.requests(
    [
      'TRACE',
      'TRACK',
      'QUERY',
      'PROPFIND',
      'DEBUG',
      'PURGE',
      'MKCOL',
      'get',
      'Get',
      'GETX',
      'FOO',
      'M-SEARCH',
      'LINK',
    ].map((method) => ({ method, target: '/api/x' })),
    {
      status: [400, 405],
      upstream: nothing,
      // RFC 9110, section 15.5.6.
      answer: [(answer) => (answer.status === 405 ? says('allow', /\bGET\b/)(answer) : undefined)],
    },
  ),
  ...h11.requests([{ method: 'TRACE', target: '/public/x', headers: ['X-Canary: c4n4ry'] }], {
    status: 405,
    upstream: nothing,
    answer: [reveals('c4n4ry').nothingOf],
  }),
  ...[
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X_HTTP_Method_Override',
    'X-Http.Method-Override',
    'X-HTTP-Verb',
    'X-HTTP-Verb-Override',
    'X-Override-Method',
    'Method-Override',
    'X-REST-Method',
    'X-Tunneled-Method',
    'X-HTTP-Method-Name',
    'X-Real-Method',
    '_method',
  ].flatMap((name) =>
    h13.requests([{ target: '/public/x', headers: [`${name}: DELETE`] }], {
      status: 200,
      upstream: anonymous({ method: 'GET', nowhere: ['DELETE'] }),
    }),
  ),
  ...h13.requests(
    [
      {
        method: 'POST',
        target: '/api/x',
        headers: ['X-HTTP-Method-Override: GET', cookieOf('alice'), 'Origin: https://evil.test'],
      },
    ],
    {
      status: 403,
      upstream: nothing,
    },
  ),
  h14.bytes('no version', 'GET /public/x\r\n\r\n', { status: [0, 400], upstream: nothing }),
  h14.bytes('no version, and a Host', 'GET /public/x\r\nHost: app.test\r\n\r\n', {
    status: [0, 400],
    upstream: nothing,
  }),
  h14.bytes('no version, closed path', 'GET /admin/x\r\n\r\n', { status: [0, 400], upstream: nothing }),
  ...[
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/2.0',
    'HTTP/1.10',
    'HTTP/11',
    'HTTP/1',
    'http/1.1',
    'HTTP/ 1.1',
    'HTTP/1.1 ',
    'ICY/1.1',
    'HTTP/3',
  ].map((version) =>
    h15.bytes(`version ${version}`, `GET /public/x ${version}\r\nHost: app.test\r\nConnection: close\r\n\r\n`, {
      status: [0, 400, 505],
      upstream: nothing,
    }),
  ),
  h15.bytes('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', {
    status: [0, 400, 405, 505],
    upstream: nothing,
  }),
  h15.bytes('HTTP/1.0 is served, and its connection ends', 'GET /public/x HTTP/1.0\r\nHost: app.test\r\n\r\n', {
    status: [200, 400],
    upstream: either(nothing, anonymous()),
    answer: [says('connection', /close/)],
  }),
  ...h16.requests(
    [
      'evilshop.test',
      'shop.test.evil.test',
      'x.shop.test',
      'x.shop.test.',
      'app.test.',
      'shop.test.',
      '.app.test',
      'app.testx',
      'app.test.evil.test',
      'xapp.test',
      'app-test',
      'apptest',
    ].map((host) => ({ target: '/public/x', host })),
    { status: [400, 404, 421], upstream: nothing },
  ),
  ...h17.requests(
    [
      { method: 'OPTIONS', target: '/api/x' },
      { method: 'OPTIONS', target: '/admin/x' },
      {
        method: 'OPTIONS',
        target: '/api/x',
        headers: ['Origin: https://evil.test', 'Access-Control-Request-Method: GET'],
      },
      { method: 'HEAD', target: '/api/x' },
      { method: 'HEAD', target: '/admin/x' },
    ],
    { status: [401, 403], upstream: nothing },
  ),
  ...h17.requests(
    [
      {
        method: 'OPTIONS',
        target: '/public/x',
        headers: ['X-Sallyport-User: root', 'Authorization: Bearer evil', 'Origin: https://evil.test'],
      },
    ],
    { status: 200, upstream: anonymous({ nowhere: ['root', 'evil '] }) },
  ),
];

function list(...texts: readonly string[]): readonly RequestText[] {
  return texts.map((target) => ({ target }));
}
