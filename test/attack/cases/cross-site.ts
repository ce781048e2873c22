import type { AttackCase } from '../runner/attack-case.ts';
import { omits, says } from '../runner/answer-oracles.ts';
import { anonymous, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';
import { headerOf, type WireAnswer } from '../runner/wire.ts';
import type { Kit } from '../runner/kit.ts';

/* X: what another site makes a browser do. */

const x01 = row('X01', 'OWASP ASVS 3.5.1');
const x02 = row('X02', 'Curity; oauth2-proxy #2081: SameSite does not tell siblings apart');
const x03 = row('X03', 'Origin is compared whole');
const x04 = row('X04', 'Duende X-CSRF; fails closed');
const x05 = row('X05', 'Fetch Metadata policy');
const x06 = row('X06', 'Fetch Metadata, every value');
const x07 = row('X07', 'Hono CSRF middleware and content types');
const x08 = row('X08', 'Duende RequireLogoutSessionId');
const x09 = row('X09', 'Sign-in of another person (login CSRF)');
const x10 = row('X10', 'Curity: a token that is not bound to the session');
const x11 = row('X11', 'Cross-site WebSocket hijacking');
const x13 = row('X13', 'CORS');
const x14 = row('X14', 'Routes that other sites call on purpose');
const x16 = row('X16', 'Next.js server actions');
const x17 = row('X17', 'Resource isolation policy; reads of siblings');

const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const refused = { status: 403, upstream: nothing } as const;
const post = (headers: readonly string[], target = '/api/x') => ({
  method: 'POST',
  target,
  headers: [cookieOf('alice'), ...headers],
  body: 'x',
});
const own = 'Origin: https://app.test';

export const crossSiteCases: readonly AttackCase[] = [
  ...x01.requests(
    ['POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
      ['https://evil.test', 'null'].map((origin) => ({ ...post([`Origin: ${origin}`]), method })),
    ),
    refused,
  ),
  ...x01.requests(
    ['/page', '/', '/admin/x', '/events'].map((target) => post(['Origin: https://evil.test'], target)),
    refused,
  ),
  ...x02.requests(
    [
      post(['Origin: https://blog.app.test']),
      post(['Sec-Fetch-Site: same-site']),
      post(['Sec-Fetch-Site: same-site', own]),
      post(['Origin: https://blog.app.test', 'Sec-Fetch-Site: same-origin']),
    ],
    refused,
  ),
  ...x03.requests(
    [
      'http://app.test',
      'https://app.test:8443',
      'https://app.test.',
      'https://APP.test',
      'https://app.test/',
      'https://app.test, https://evil.test',
      'https://evil.test, https://app.test',
      'app.test',
      'https://app.testx',
      'https://xapp.test',
      'https://app.test@evil.test',
      'https://app.test\\',
      '//app.test',
      'https:app.test',
      'https://127.0.0.1',
      'https://localhost',
      'file://',
      'chrome-extension://x',
      '',
      'https://app.test%00.evil.test',
      'undefined',
    ].map((origin) => post([`Origin: ${origin}`])),
    refused,
  ),
  ...x03.requests(
    [post([own, 'Origin: https://evil.test']), post(['Origin: https://evil.test', own]), post([own, own])],
    refused,
  ),
  ...x03.requests(
    [
      post([own]),
      post(['Origin: https://shop.test']),
      post([own, 'Sec-Fetch-Site: same-origin']),
      post(['Sec-Fetch-Site: same-origin']),
      post(['Sec-Fetch-Site: none']),
    ],
    {
      status: 200,
      upstream: user('alice'),
    },
  ),
  ...x04.requests(
    [
      post([]),
      post(['Referer: https://app.test/page']),
      post(['X-Requested-With: XMLHttpRequest']),
      post(['Content-Type: application/json']),
      post(['X-CSRF: 1']),
      post(['X-CSRF-Token: 1']),
      post(['X-Sallyport-CSRF: 1']),
    ],
    refused,
  ),
  x05.scenario(
    'a valid token does not outweigh what the browser says',
    async (kit) => {
      const token = await csrfTokenOf(kit, 'alice');
      if (token === undefined) return kit.fail('GET /auth/session names no csrfToken');
      for (const lines of [
        ['Sec-Fetch-Site: cross-site'],
        ['Sec-Fetch-Site: same-site'],
        ['Origin: https://evil.test'],
        ['Origin: null'],
        ['Sec-Fetch-Site: cross-site', own],
        ['Sec-Fetch-Site: same-origin', 'Origin: https://evil.test'],
      ]) {
        const answer = await ask(kit, 'alice', [`X-Sallyport-CSRF: ${token}`, ...lines]);
        if (answer?.status !== 403) kit.fail(`${lines.join(', ')} was answered ${answer?.status ?? 0}`);
      }
      if ((await kit.seen()).some(({ method }) => method === 'POST')) kit.fail('the upstream saw one of them');
    },
    'sallyport',
  ),
  ...x06.requests(
    [
      'cross-site',
      'same-site',
      'Same-Origin',
      'same-origin, cross-site',
      'cross-site, same-origin',
      'SAME-ORIGIN',
      '',
      'same-origin;q=1',
      'foo',
      'none, none',
      '"same-origin"',
      'same_origin',
    ].flatMap((site) => [post([`Sec-Fetch-Site: ${site}`]), post([`Sec-Fetch-Site: ${site}`, own])]),
    refused,
  ),
  ...x06.requests(
    [
      post(['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site']),
      post(['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Site: same-origin']),
    ],
    refused,
  ),
  ...x06.requests(
    ['cors', 'navigate', 'no-cors', 'same-origin', 'websocket'].flatMap((mode) =>
      ['document', 'empty', 'iframe', 'image', 'script'].map((dest) =>
        post([
          `Sec-Fetch-Mode: ${mode}`,
          `Sec-Fetch-Dest: ${dest}`,
          'Sec-Fetch-Site: cross-site',
          'Sec-Fetch-User: ?1',
        ]),
      ),
    ),
    refused,
  ),
  ...x07.requests(
    [
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'text/plain;application/json',
      'Application/JSON',
      'application/json;x',
      'application/json; charset=utf-7',
      '',
      'text/plain, application/json',
      'application/csp-report',
      'x',
      'application/json\u000b',
      'APPLICATION/X-WWW-FORM-URLENCODED',
    ]
      .flatMap((type) => [
        post([`Content-Type: ${type}`]),
        post([`Content-Type: ${type}`, 'Origin: null']),
        post([`Content-Type: ${type}`, 'Origin: https://evil.test']),
      ])
      .filter(({ headers }) => !headers.some((line) => line.includes('\u000b'))),
    refused,
  ),
  ...x08.requests(
    ['/auth/logout', '/auth/sign-out', '/auth/signout', '/auth/sessions/revoke-all'].map((target) => ({
      target,
      headers: [cookieOf('alice'), 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image', 'Sec-Fetch-Mode: no-cors'],
    })),
    { status: [403, 404, 405], upstream: nothing, answer: [omits('set-cookie')] },
  ),
  ...x08.requests(
    [
      {
        method: 'POST',
        target: '/auth/sign-out',
        headers: [cookieOf('alice'), 'Origin: https://evil.test', 'Content-Type: application/json'],
        body: '{}',
      },
      {
        method: 'POST',
        target: '/auth/sign-out',
        headers: [cookieOf('alice'), 'Content-Type: application/json'],
        body: '{}',
      },
      {
        method: 'POST',
        target: '/auth/sessions/revoke-all',
        headers: [cookieOf('alice'), 'Sec-Fetch-Site: same-site', 'Content-Type: application/json'],
        body: '{}',
      },
    ],
    { status: 403, upstream: nothing, answer: [omits('set-cookie')] },
  ),
  x08.scenario('after all of that alice is still signed in', async (kit) => {
    const answer = await ask(kit, 'alice', [own]);
    if (answer?.status !== 200) kit.fail(`alice was answered ${answer?.status ?? 0}`);
  }),
  ...x09.requests(
    ['Origin: https://evil.test', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Site: same-site', 'Origin: null'].map(
      (line) => ({
        method: 'POST',
        target: '/auth/sign-in/email',
        headers: [line, 'Content-Type: application/json'],
        body: '{"email":"alice@app.test","password":"salt anchor lantern 41"}',
      }),
    ),
    { status: 403, upstream: nothing, answer: [omits('set-cookie')] },
  ),
  x10.scenario(
    'a token that is bound to the session opens for that session alone',
    async (kit) => {
      const alices = await csrfTokenOf(kit, 'alice');
      const roots = await csrfTokenOf(kit, 'root');
      if (alices === undefined || roots === undefined || alices === roots) {
        return kit.fail('GET /auth/session names no csrfToken of its own for each session');
      }
      const accepted = await ask(kit, 'alice', [`X-Sallyport-CSRF: ${alices}`]);
      if (accepted?.status !== 200) kit.fail(`alice's own token was answered ${accepted?.status ?? 0}`);
      for (const [title, lines] of [
        ["root's token", [`X-Sallyport-CSRF: ${roots}`]],
        ['a token that is cut off', [`X-Sallyport-CSRF: ${alices.slice(0, -1)}`]],
        ['a token with more behind it', [`X-Sallyport-CSRF: ${alices}A`]],
        ['a token in another case', [`X-Sallyport-CSRF: ${alices.toLowerCase()}`]],
        ['an empty token', ['X-Sallyport-CSRF: ']],
        ['the token twice', [`X-Sallyport-CSRF: ${alices}`, `X-Sallyport-CSRF: ${alices}`]],
        ["root's and alice's", [`X-Sallyport-CSRF: ${roots}`, `X-Sallyport-CSRF: ${alices}`]],
        ['a cookie that says the same', [`Cookie: csrf=tossed; __Host-csrf=tossed`, 'X-Sallyport-CSRF: tossed']],
        ['a folded name', [`X_Sallyport_CSRF: ${alices}`]],
      ] as const) {
        const answer = await ask(kit, 'alice', lines);
        if (answer?.status !== 403) kit.fail(`${title} was answered ${answer?.status ?? 0}`);
      }
      const seen = (await kit.seen()).filter(({ method }) => method === 'POST');
      if (seen.length !== 1) kit.fail(`the upstream saw ${seen.length} of them`);
      if (seen.some(({ rawHeaders }) => rawHeaders.includes(alices))) kit.fail('the upstream saw the token');
    },
    'sallyport',
  ),
  ...x11.requests(
    [
      ['Origin: https://evil.test'],
      [],
      ['Origin: null'],
      ['Origin: https://blog.app.test'],
      ['Origin: http://app.test'],
      [own, 'Origin: https://evil.test'],
      ['Sec-Fetch-Site: same-origin', 'Origin: https://evil.test'],
    ].map((lines) => ({
      target: '/ws',
      headers: [...handshake, cookieOf('alice'), ...lines],
    })),
    refused,
  ),
  ...x11.requests([{ target: '/public/x', headers: [...handshake, 'Origin: https://evil.test'] }], refused),
  ...x13.requests(
    ['https://evil.test', 'null', 'https://app.test.evil.test'].map((origin) => ({
      method: 'OPTIONS',
      target: '/api/x',
      headers: [
        `Origin: ${origin}`,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: x-csrf-token',
      ],
    })),
    {
      status: [401, 403, 404, 405],
      upstream: nothing,
      answer: [omits('access-control-allow-origin', 'access-control-allow-credentials'), says('vary', /origin/i)],
    },
  ),
  ...x13.requests(
    [
      {
        method: 'OPTIONS',
        target: '/auth/session',
        headers: [
          'Origin: https://evil.test',
          'Access-Control-Request-Method: POST',
          'Access-Control-Request-Headers: x-csrf-token',
        ],
      },
      { target: '/auth/session', headers: ['Origin: https://evil.test', cookieOf('alice')] },
    ],
    {
      status: [200, 204, 401, 403, 404, 405],
      upstream: nothing,
      answer: [omits('access-control-allow-origin', 'access-control-allow-credentials')],
    },
  ),
  ...x17.requests(
    ['cross-site', 'same-site'].flatMap((site) =>
      [
        ['cors', 'empty'],
        ['no-cors', 'image'],
        ['no-cors', 'script'],
        ['navigate', 'iframe'],
        ['navigate', 'object'],
      ].map(([mode, dest]) => ({
        target: '/api/x',
        headers: [cookieOf('alice'), `Sec-Fetch-Site: ${site}`, `Sec-Fetch-Mode: ${mode}`, `Sec-Fetch-Dest: ${dest}`],
      })),
    ),
    refused,
  ),
  ...x17.requests(
    ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Site: cross-site', 'Origin: https://blog.app.test', 'Origin: null'].map(
      (line) => ({ target: '/page', headers: [cookieOf('alice'), line] }),
    ),
    { status: 200, upstream: anonymous(), answer: [omits('access-control-allow-origin')] },
  ),
  ...x17.requests(
    ['cross-site', 'same-site'].map((site) => ({
      target: '/api/x',
      headers: [cookieOf('alice'), `Sec-Fetch-Site: ${site}`, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'],
    })),
    { status: 200, upstream: user('alice') },
  ),
  ...x14.requests(
    ['POST', 'GET', 'PUT', 'DELETE'].map((method) => ({
      method,
      target: '/hooks/x',
      headers: [cookieOf('alice'), 'Origin: https://evil.test'],
    })),
    { status: 200, upstream: anonymous({ without: ['cookie'] }), answer: [omits('set-cookie')] },
  ),
  ...x14.requests(
    [
      { method: 'POST', target: '/public/x', headers: [cookieOf('alice'), 'Origin: https://evil.test'], body: 'x' },
      { method: 'POST', target: '/hooks/x', headers: [cookieOf('alice'), own], body: 'x' },
    ],
    {
      status: 200,
      upstream: anonymous({ without: ['cookie'] }),
    },
  ),
  ...x16.requests(
    [
      ['Origin: https://evil.test'],
      ['Origin: https://evil.test', 'X-Forwarded-Host: evil.test'],
      ['Origin: null'],
      [],
      ['Origin: https://blog.app.test', 'Sec-Fetch-Site: same-site'],
      ['Sec-Fetch-Site: cross-site'],
    ].flatMap((lines) =>
      ['/page', '/'].map((target) => ({
        method: 'POST',
        target,
        headers: [cookieOf('alice'), 'Next-Action: 7f0a', 'Content-Type: text/plain;charset=UTF-8', ...lines],
        body: '[]',
      })),
    ),
    refused,
  ),
  ...x16.requests(
    [{ method: 'POST', target: '/page', headers: ['Next-Action: 7f0a', 'Origin: https://evil.test'], body: '[]' }],
    refused,
  ),
  ...x16.requests(
    [
      {
        method: 'POST',
        target: '/page',
        headers: [cookieOf('alice'), 'Next-Action: 7f0a', own, 'X-Forwarded-Host: evil.test'],
        body: '[]',
      },
    ],
    {
      status: 200,
      upstream: user('alice', { headers: { 'x-forwarded-host': 'app.test', host: 'app.test', 'next-action': '7f0a' } }),
    },
  ),
];

async function ask(kit: Kit, name: 'alice' | 'root', lines: readonly string[]): Promise<WireAnswer | undefined> {
  const wire = await kit.open();
  const head = [
    'POST /api/x HTTP/1.1',
    'Host: app.test',
    cookieOf(name),
    ...lines,
    'Content-Length: 1',
    'Connection: close',
  ];
  wire.send(kit.fill([...head, '', 'x'].join('\r\n')));
  const answer = await wire.next();
  wire.destroy();
  return answer;
}

async function csrfTokenOf(kit: Kit, name: 'alice' | 'root'): Promise<string | undefined> {
  const wire = await kit.open();
  wire.send(
    kit.fill(
      ['GET /auth/session HTTP/1.1', 'Host: app.test', cookieOf(name), 'Connection: close', '', ''].join('\r\n'),
    ),
  );
  const answer = await wire.next();
  if (answer === undefined || !/json/.test(headerOf(answer, 'content-type') ?? '')) return undefined;
  const body: unknown = JSON.parse(answer.body);
  return typeof body === 'object' && body !== null && 'csrfToken' in body && typeof body.csrfToken === 'string'
    ? body.csrfToken
    : undefined;
}
