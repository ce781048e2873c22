import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, either, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* P: the path that was decided about is the path that the upstream reads. */

const p01 = row('P01', 'Oathkeeper GHSA-p224-6x5r-fjpm; Heimdall CVE-2026-42274');
const p02 = row('P02', 'Heimdall CVE-2026-42274; Traefik CVE-2026-48020');
const p04 = row('P04', 'Caddy GHSA-qrp7; Hono serveStatic with %5C');
const p05 = row('P05', 'URL parsers drop TAB, CR and LF (WHATWG URL, section 4.4)');
const p07 = row('P07', 'Envoy and Istio CVE-2021-29492; Better Auth GHSA-x732');
const p08 = row('P08', 'Envoy: backslash in the request line');
const p10 = row('P10', 'Heimdall CVE-2026-42273');
const p11 = row('P11', 'RFC 3986, section 6.2.2.2');
const p13 = row('P13', 'Path parameters of Java servers');
const p14 = row('P14', 'Decoded twice');
const p16 = row('P16', 'oauth2-proxy CVE-2025-54576');
const p17 = row('P17', 'Authelia CVE-2021-32637');
const p19 = row('P19', 'Traefik GHSA-6jwx');
const p20 = row('P20', 'Authelia CVE-2021-32637; RFC 3629, section 10');
const p21 = row('P21', 'RFC 3986, section 3.5: a fragment is never sent');
const p22 = row('P22', 'RFC 3986, section 2');
const p23 = row('P23', 'Heimdall CVE-2026-42274');
const p24 = row('P24', 'Ordinary paths must not be harmed');

const refused = { status: 400, upstream: nothing } as const;
const closed = { status: [400, 401], upstream: nothing } as const;

export const pathCases: readonly AttackCase[] = [
  ...p01.requests(
    targets(
      '/public/../admin/x',
      '/public/../api/x',
      '/public/./../admin',
      '/public/a/../../admin/x',
      '/../admin/x',
      '/./admin/x',
    ),
    closed,
  ),
  ...p01.requests([{ target: '/public/../admin/x', headers: [cookieOf('alice')] }], {
    status: [400, 403],
    upstream: nothing,
  }),
  ...p02.requests(
    targets(
      '/public/%2e%2e/admin/x',
      '/public/.%2e/admin/x',
      '/public/%2E./admin/x',
      '/public/%2E%2e/admin/x',
      '/%2e%2e/admin',
      '/%2e/admin/x',
      '/public/%2e%2e%2fadmin/x',
      '/public%2f%2e%2e%2fadmin/x',
      '/public/%2e%2e/%2e%2e/admin',
    ),
    closed,
  ),
  ...p04.requests(
    targets(
      '/public/..%5cadmin/x',
      '/public/x/..%5c..%5cadmin',
      '/public/..%5Cadmin/x',
      '/public%5c..%5cadmin',
      '/%5cadmin/x',
      '/public/%5c%5cevil.test',
      '/public/x%5c',
    ),
    refused,
  ),
  ...p05.requests(
    targets(
      '/public/x/.%09./admin/u',
      '/public/.%0a./admin/u',
      '/public/.%0d./admin/u',
      '/%09/admin',
      '/public/%0d%0aX-A:b',
      '/admin%0a/x',
      '/%0aadmin/x',
    ),
    refused,
  ),
  ...p07.requests(
    targets(
      '//admin/x',
      '/public//admin/x',
      '///admin',
      '//public/x',
      '/public/x//',
      '//evil.test/public/x',
      '/api//x',
      '/auth//session',
      '//auth/session',
    ),
    refused,
  ),
  ...p08.requests(targets('/public\\..\\admin\\x', '\\admin\\x', '/admin\\x', '/public/x\\'), refused),
  ...p10.requests(targets('/ADMIN/x', '/Admin/x', '/aDMIN', '/API/secret', '/%41DMIN/x', '/adm%c4%b1n/x'), {
    status: 401,
    upstream: nothing,
  }),
  ...p10.requests([{ target: '/Admin/x', headers: [cookieOf('alice')] }], { status: 403, upstream: nothing }),
  ...p11.requests(
    targets(
      '/%61dmin/x',
      '/%61%64%6d%69%6e/x',
      '/adm%69n',
      '/%61pi/x',
      '/ap%69',
      '/%61dmin',
      '/events%2Fx'.replace('%2F', '/'),
      '/%77s',
    ),
    { status: 401, upstream: nothing },
  ),
  ...p13.requests(
    targets(
      '/admin;a=b/x',
      '/admin;/x',
      '/;/admin/x',
      '/public/x;/../admin',
      '/public/..;/admin/x',
      '/admin%3ba=b/x',
      '/admin%3B/x',
      '/api/x;jsessionid=1',
      '/public/x;a',
    ),
    refused,
  ),
  ...p14.requests(
    targets(
      '/public/%252e%252e/admin/x',
      '/public/%25%32%65/admin',
      '/public/%252f..%252fadmin',
      '/public/%255c',
      '/public/%25252e/admin',
      '/public/%25%32%66admin',
      '/%2561dmin/x',
      '/public/%2500',
    ),
    refused,
  ),
  ...p16.requests(
    targets(
      '/api/secret?x=/public/',
      '/admin/x?/public/x',
      '/api/x?next=/../public',
      '/api/x?public',
      '/admin?a=/public/../',
    ),
    { status: 401, upstream: nothing },
  ),
  ...p17.requests(
    targets(
      '/admin%00/x',
      '/public/%00/../admin',
      '/public/%00',
      '/%00/admin',
      '/public/x%00.js',
      '/public/%01',
      '/public/%1f',
      '/public/%7f',
      '/public/%C2%80',
      '/public/%c2%9f',
    ),
    refused,
  ),
  ...p19.requests(
    targets(
      '/api%2fv1',
      '/api%2Fv1',
      '/public%2fx',
      '/admin%2fx',
      '/public/a%2fb',
      '/%2fadmin/x',
      '/api/%2e%2e%2fadmin',
      '/auth%2fsession',
    ),
    refused,
  ),
  ...p20.requests(
    targets(
      '/public/%c0%ae%c0%ae/admin',
      '/public/%ff',
      '/public/%',
      '/public/%zz',
      '/public/%a',
      '/public/%e0%80%ae/admin',
      '/public/%c0%afadmin',
      '/public/%ed%a0%80',
      '/public/%f4%90%80%80',
      '/public/%u002e%u002e/admin',
      '/public/%2',
      '/public/x%',
    ),
    refused,
  ),
  ...p21.requests(
    targets(
      '/public/x#/admin',
      '/admin#/public',
      '/public/x%23/admin',
      '/public/x?a#b',
      '/#/admin',
      '/public/%3f/admin',
      '/admin%3fx',
    ),
    refused,
  ),
  ...p22.requests(
    targets(
      '/caf\u00c3\u00a9',
      '/public/\u00a0',
      '/public/\u00ef\u00bc\u008f/admin',
      '/public/\u00ff',
      '/public/<x>',
      '/public/"x"',
      '/public/`x`',
      '/public/{x}',
    ),
    refused,
  ),
  p22.bytes(
    'a space in the target',
    'GET /public/a b HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n',
    refused,
  ),
  p22.bytes('a tab in the target', 'GET /public/a\tb HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n', refused),
  ...p23.requests(
    targets(
      '/admin/',
      '/admin',
      '/admin/.',
      '/admin/x/..',
      '/admin/x/',
      '/api',
      '/api/',
      '/api/.',
      '/api/x/../x',
      '/admin?',
      '/admin/?x',
    ),
    closed,
  ),
  ...p23.requests(
    targets(
      '/admin%20/x',
      '/admin./x',
      '/admin%2e/x',
      '/admin+/x',
      '/admin~/x',
      '/adminx',
      '/administrator/x',
      '/api-docs',
      '/%EF%BC%8Fadmin/x',
      '/%E2%80%8Badmin/x',
    ),
    { status: [200, 400, 401, 404], upstream: either(nothing, anonymous()) },
  ),
  ...[
    '/public/a%20b',
    '/public/caf%C3%A9',
    '/public/%5Bid%5D/x',
    '/public/.well-known/x',
    '/public/a..b/...',
    '/public/',
    '/public/x?q=%2e%2e/&r=a;b',
    '/public/x?u=https://evil.test//a',
    '/public/x?a=%00%ff',
  ].flatMap((target) => p24.requests([{ target }], { status: 200, upstream: anonymous({ target }) })),
  ...['/admin/x', '/%61dmin/x', '/admin/', '/admin/a%20b?x=/..'].flatMap((target) =>
    p24.requests([{ target, headers: [cookieOf('root')] }], { status: 200, upstream: user('root', { target }) }),
  ),
];

function targets(...list: readonly string[]): readonly RequestText[] {
  return list.map((target) => ({ target }));
}
