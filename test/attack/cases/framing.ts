import type { AttackCase } from '../runner/attack-case.ts';
import type { Kit } from '../runner/kit.ts';
import { anonymous, either, nothing } from '../runner/upstream-oracles.ts';
import { row } from '../runner/write-case.ts';

/* S: where a request ends, and whose answer is whose. */

const s01 = row('S01', 'HTTP-garden; smuggler');
const s02 = row('S02', 'HTTP-garden');
const s03 = row('S03', 'undici CVE-2026-1525; RFC 9112, section 6.3');
const s04 = row('S04', 'HTTP-garden; RFC 9112, section 2.2');
const s05 = row('S05', 'llhttp CVE-2022-32213, CVE-2025-23167');
const s06 = row('S06', 'RFC 9110, section 9.3.1');
const s07 = row('S07', 'Node CVE-2026-48931');
const s08 = row('S08', 'Node CVE-2026-48931');
const s09 = row('S09', 'Pipelining: RFC 9112, section 9.3.2');
const s10 = row('S10', 'Bishop Fox: h2c smuggling');
const s11 = row('S11', 'RFC 6455, section 4.1');
const s12 = row('S12', '0ang3el: WebSocket smuggling');
const s13 = row('S13', 'RFC 9110, section 10.1.1');

const host = 'Host: app.test\r\n';
const smuggled = 'GET /admin/smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n';
const post = `POST /public/x HTTP/1.1\r\n${host}`;
const get = `GET /public/x HTTP/1.1\r\n${host}`;
/** Refused by the first parser that reads it, and the connection is closed. */
const refused = { status: [0, 400, 501], upstream: nothing } as const;
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
/** The upstream hears of a body that is not whole once the gateway has as much of it. */
const longerThanHeld = 'x'.repeat(20_000);

export const framingCases: readonly AttackCase[] = [
  ...[
    'Content-Length: 3\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 3',
    'Content-Length: 0\r\nTransfer-Encoding: chunked',
    'Content-Length: 6\r\nTransfer-Encoding: identity',
    'content-length: 3\r\ntransfer-encoding: CHUNKED',
    'Content-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: Content-Length',
    'Content-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: Transfer-Encoding',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Transfer_Encoding: chunked\r\nContent-Length: 3\r\nTransfer-Encoding: chunked',
  ].map((lines) => s01.bytes(lines.replaceAll('\r\n', ', '), `${post}${lines}\r\n\r\n0\r\n\r\n${smuggled}`, refused)),
  ...[
    'xchunked',
    'chunked, identity',
    'chunked, chunked',
    'identity',
    '\u000bchunked',
    'chunked\u000b',
    '"chunked"',
    'chunked;q=1',
    'gzip',
    'x, chunked;',
    'chunked ,',
    'chu\u00a0nked',
    '\u0000chunked',
    'cow',
    '',
    // What ends in "chunked" has a known end, and content that the gateway does not decode.
    ',chunked',
    'identity, chunked',
    'gzip, chunked',
    'xchunked, chunked',
    'trailers, chunked',
    'deflate, gzip, chunked',
  ].map((value) =>
    s02.bytes(
      `Transfer-Encoding: ${JSON.stringify(value)}`,
      `${post}Transfer-Encoding: ${value}\r\n\r\n0\r\n\r\n${smuggled}`,
      refused,
    ),
  ),
  s02.bytes(
    'chunks in HTTP/1.0',
    `POST /public/x HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    refused,
  ),
  ...[
    'Content-Length: 2\r\nContent-Length: 2',
    'Content-Length: 2\r\nContent-Length: 5',
    'Content-Length: 2, 2',
    'Content-Length: +2',
    'Content-Length: -2',
    'Content-Length: 0x2',
    'Content-Length: 2 ',
    'Content-Length: 1_0',
    'Content-Length: 2.0',
    'Content-Length: 99999999999999999999999',
    'Content-Length: 2;',
    'Content-Length: "2"',
    'Content-Length: ',
    'Content-Length: \u00b2',
    'Content-Length: 2\r\ncontent-length: 2',
    'Content-Length: 1e1',
  ]
    .filter((lines) => lines !== 'Content-Length: 2 ')
    .map((lines) => s03.bytes(lines.replaceAll('\r\n', ', '), `${post}${lines}\r\n\r\nhi${smuggled}`, refused)),
  ...[
    'Content_Length: 500000000000',
    'Content.Length: 500000000000',
    'ContentLength: 500000000000',
    'Content--Length: 500000000000',
    'Transfer_Encoding: chunked',
    'Transfer.Encoding: chunked',
  ].map((line) =>
    s03.bytes(`beside the real one, ${line}`, `${post}Content-Length: 2\r\n${line}\r\nConnection: close\r\n\r\nhi`, {
      status: 200,
      upstream: anonymous({ body: 'hi', nowhere: ['500000000000', 'chunked'] }),
    }),
  ),
  ...(
    [
      ['a bare LF after a header', `${get}X: y\nZ: w\r\n\r\n`],
      ['bare LF everywhere', 'GET /public/x HTTP/1.1\nHost: app.test\n\n'],
      ['a bare CR in a value', `${get}X: a\rb\r\n\r\n`],
      ['a bare CR as an end', `${get}X: a\rZ: b\r\n\r\n`],
      ['a folded line', `${get}X: a\r\n b\r\n\r\n`],
      ['a folded first line', `GET /public/x HTTP/1.1\r\n Host: app.test\r\n\r\n`],
      ['white space before a colon', `${get}X : y\r\n\r\n`],
      ['a tab before a colon', `${get}X\t: y\r\n\r\n`],
      ['an empty name', `${get}: y\r\n\r\n`],
      ['a line without a colon', `${get}X\r\n\r\n`],
      ['NUL in a value', `${get}X: a\u0000b\r\n\r\n`],
      ['DEL in a value', `${get}X: a\u007fb\r\n\r\n`],
      ['a control character in a value', `${get}X: a\u0001b\r\n\r\n`],
      ['NUL in a name', `${get}X\u0000Y: a\r\n\r\n`],
      ['a space in a name', `${get}X Y: a\r\n\r\n`],
      ['a name in parentheses', `${get}(X): a\r\n\r\n`],
      ['a name beyond ASCII', `${get}X\u00e9: a\r\n\r\n`],
      ['a tab in the request line', `GET\t/public/x\tHTTP/1.1\r\n${host}\r\n`],
      ['white space in front', ` GET /public/x HTTP/1.1\r\n${host}\r\n`],
      ['CR CR LF', `GET /public/x HTTP/1.1\r\r\n${host}\r\n`],
      ['LF CR', `GET /public/x HTTP/1.1\n\r${host}\r\n`],
      ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
      ['rubbish', '\u0000\u0001\u0002\u0003\r\n\r\n'],
      ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
      ['the PROXY protocol', `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${get}\r\n`],
    ] as const
  ).map(([title, bytes]) => s04.bytes(title, bytes, { ...refused, status: [0, 400, 405], ends: true })),
  s04.bytes('two spaces in the request line', `GET  /public/x HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, {
    // RFC 9112, section 3: white space there may be taken for one space.
    status: [200, 400],
    upstream: either(nothing, anonymous({ target: '/public/x' })),
  }),
  ...(
    [
      ['an extension ended by LF', '1;\nxx\r\n0\r\n\r\n'],
      ['an underscore', '5_0\r\nhello\r\n0\r\n\r\n'],
      ['hexadecimal with 0x', '0x2\r\nhi\r\n0\r\n\r\n'],
      ['a sign', '+2\r\nhi\r\n0\r\n\r\n'],
      ['a negative size', '-2\r\nhi\r\n0\r\n\r\n'],
      ['a space before the size', ' 2\r\nhi\r\n0\r\n\r\n'],
      ['a huge size', 'fffffffffffffffff\r\nhi\r\n0\r\n\r\n'],
      ['no CR LF behind the data', '2\r\nhiX\r\n0\r\n\r\n'],
      ['LF behind the data', '2\r\nhi\n0\r\n\r\n'],
      ['an empty size', '\r\nhi\r\n0\r\n\r\n'],
      ['a bare CR in an extension', '2;a\rb\r\nhi\r\n0\r\n\r\n'],
      ['a size that is no number', 'zz\r\nhi\r\n0\r\n\r\n'],
      ['NUL in an extension', '2;\u0000\r\nhi\r\n0\r\n\r\n'],
    ] as const
  ).map(([title, chunks]) =>
    s05.bytes(title, `${post}Transfer-Encoding: chunked\r\n\r\n${chunks}${smuggled}`, {
      status: [0, 400, 502],
      upstream: nothing,
    }),
  ),
  s05.scenario('a body that never ends is not completed for its client', async (kit) => {
    const wire = await kit.open();
    const { length } = longerThanHeld;
    wire.send(`${post}Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${longerThanHeld}\r\n0\r\n`);
    await kit.seenUntil((seen) => seen.length > 0);
    wire.destroy();
    await wire.untilClosed();
    if ((await kit.seen()).length > 1) kit.fail('more than one request reached the upstream');
  }),
  ...['GET', 'HEAD'].map((method) =>
    s06.bytes(
      `a body on ${method}`,
      `${method} /public/x HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
      refused,
    ),
  ),
  s06.bytes('a chunked body on GET', `${get}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`, refused),
  s06.bytes('a length of nothing on GET is fine', `${get}Content-Length: 0\r\nConnection: close\r\n\r\n`, {
    status: 200,
    upstream: anonymous(),
  }),
  s07.scenario('a body that is broken off does not mix with the next request', async (kit) => {
    for (let round = 0; round < 10; round++) {
      const broken = await kit.open();
      broken.send(
        `POST /public/broken HTTP/1.1\r\n${host}Content-Length: 50000\r\n\r\n${longerThanHeld}GET /admin/smuggled HTTP/1.1\r\n\r\n`,
      );
      await kit.seenUntil((seen) => seen.some(({ target }) => target === '/public/broken'));
      broken.destroy();
      await expectOwnAnswer(kit, `/api/after-${round}`, 'alice');
      await expectOwnAnswer(kit, `/api/other-${round}`, 'root');
      const seen = await kit.seen();
      if (seen.some(({ target }) => target.includes('smuggled'))) kit.fail('the broken body was read as a request');
      await kit.reset();
    }
  }),
  s07.scenario('answers to abandoned requests reach no other client', async (kit) => {
    for (let round = 0; round < 5; round++) {
      const left = await kit.open();
      left.send(kit.fill(`GET /api/left?sp_delay_ms=150 HTTP/1.1\r\n${host}Cookie: {cookie}={root}\r\n\r\n`));
      await kit.seenUntil((seen) => seen.some(({ target }) => target.startsWith('/api/left')));
      left.destroy();
      for (let next = 0; next < 3; next++) await expectOwnAnswer(kit, `/api/next-${round}-${next}`, 'alice');
    }
  }),
  s08.scenario('an early answer does not mix with the next request', async (kit) => {
    for (let round = 0; round < 5; round++) {
      const wire = await kit.open();
      const body = `${smuggled}${'x'.repeat(200_000)}`;
      wire.send(`POST /public/early?sp_status=413 HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`);
      const early = await wire.next();
      if (early !== undefined && ![413, 502].includes(early.status)) kit.fail(`the early answer was ${early.status}`);
      wire.destroy();
      await expectOwnAnswer(kit, `/api/after-early-${round}`, 'alice');
      const seen = await kit.seen();
      if (seen.some(({ target }) => target.includes('smuggled'))) kit.fail('the rest of a body was read as a request');
    }
  }),
  s08.scenario('a refusal leaves the connection in step', async (kit) => {
    const wire = await kit.open();
    wire.send(`POST /api/x HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    const refusal = await wire.next();
    if (refusal?.status !== 401) kit.fail(`expected 401, was answered ${refusal?.status ?? 'nothing'}`);
    if (!wire.isClosed) {
      wire.send(`GET /public/next HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      await wire.untilClosed();
    }
    const seen = await kit.seen();
    if (seen.some(({ target }) => target !== '/public/next')) kit.fail('the body of a refused request was read as one');
  }),
  s09.scenario('requests in one packet are each decided on their own', async (kit) => {
    const wire = await kit.open();
    wire.send(
      kit.fill(
        [
          `GET /public/one HTTP/1.1\r\n${host}\r\n`,
          `GET /admin/two HTTP/1.1\r\n${host}\r\n`,
          `GET /api/three HTTP/1.1\r\n${host}Cookie: {cookie}={alice}\r\n\r\n`,
          `GET /api/four HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
        ].join(''),
      ),
    );
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await wire.next())?.status);
    if (statuses.join() !== '200,401,200,401') kit.fail(`answered ${statuses.join()} instead of 200,401,200,401`);
    const seen = (await kit.seen()).map(({ target }) => target).toSorted();
    if (seen.join() !== '/api/three,/public/one') kit.fail(`the upstream saw ${seen.join()}`);
  }),
  ...(
    [
      ['an ambiguous path', `GET //x HTTP/1.1\r\n${host}\r\n`],
      ['an unknown host', 'GET /public/x HTTP/1.1\r\nHost: evil.test\r\n\r\n'],
      ['no host', 'GET /public/x HTTP/1.1\r\n\r\n'],
      ['another method', `TRACE /public/x HTTP/1.1\r\n${host}\r\n`],
      ['too many cookies', `${get}Cookie: ${'a=b;'.repeat(200)}\r\n\r\n`],
      ['a body on GET', `${get}Content-Length: 5\r\n\r\nhello`],
      ['a body that is too large', `POST /hooks/x HTTP/1.1\r\n${host}Content-Length: 2000000\r\n\r\n`],
    ] as const
  ).map(([title, refusable]) =>
    s09.scenario(`nothing is heard behind a refusal that ends the connection: ${title}`, async (kit) => {
      const wire = await kit.open();
      wire.send(
        `GET /public/first HTTP/1.1\r\n${host}\r\n${refusable}GET /public/behind HTTP/1.1\r\n${host}\r\n`.repeat(2),
      );
      if ((await wire.next())?.status !== 200) kit.fail('the first request was not answered');
      const refusal = await wire.next();
      if ((refusal?.status ?? 0) < 400) kit.fail(`the second request was answered ${refusal?.status ?? 0}`);
      if (!/HTTP\/1\.1 200[^]*HTTP\/1\.1 4[^]*$/.test(await wire.untilClosed()) || !wire.isClosed)
        kit.fail('the connection goes on');
      const seen = (await kit.seen()).map(({ target }) => target);
      if (seen.join() !== '/public/first') kit.fail(`the upstream saw ${seen.join()}`);
    }),
  ),
  s09.scenario('identity does not stay on a connection', async (kit) => {
    const wire = await kit.open();
    wire.send(kit.fill(`GET /api/x HTTP/1.1\r\n${host}Cookie: {cookie}={root}\r\n\r\n`));
    if ((await wire.next())?.status !== 200) kit.fail('root was not let in');
    wire.send(`GET /api/x HTTP/1.1\r\n${host}\r\n`);
    if ((await wire.next())?.status !== 401) kit.fail('the next request on the connection was still root');
    wire.send(kit.fill(`GET /page HTTP/1.1\r\n${host}Cookie: {cookie}={alice}\r\nConnection: close\r\n\r\n`));
    await wire.next();
    const last = (await kit.seen()).at(-1);
    if (last === undefined || kit.context.identityOf(last) !== 'alice')
      kit.fail('the last request was not made for alice');
  }),
  ...(
    [
      ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
      ['h2c without settings', 'Connection: Upgrade\r\nUpgrade: h2c'],
      ['h2', 'Connection: upgrade\r\nUpgrade: h2'],
      ['TLS', 'Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1'],
      ['something made up', 'Connection: Upgrade\r\nUpgrade: foo/2'],
      ['h2c and a WebSocket', `Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n${key.trimEnd()}`],
      ['twice', `Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n${key.trimEnd()}`],
      ['h2c without Connection', 'Upgrade: h2c'],
    ] as const
  ).map(([title, lines]) =>
    s10.bytes(`an upgrade to ${title}`, `${get}${lines}\r\n\r\n${smuggled}`, {
      status: [200, 400],
      upstream: either(nothing, anonymous({ without: ['upgrade', 'http2settings'] })),
    }),
  ),
  ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'].map((method) =>
    s11.bytes(
      `a handshake by ${method}`,
      `${method} /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}Content-Length: 2\r\n\r\nhi`,
      refused,
    ),
  ),
  s11.bytes(
    'a handshake with a body',
    `GET /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    refused,
  ),
  s11.bytes(
    'a handshake with chunks',
    `GET /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    refused,
  ),
  ...(
    [
      [
        'version 12',
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12',
        'public',
      ],
      ['no key', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13', 'public'],
      [
        'two keys',
        `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`,
        'public',
      ],
      ['two versions', `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}Sec-WebSocket-Version: 13`, 'public'],
      [
        'a key of the wrong length',
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: YQ==\r\nSec-WebSocket-Version: 13',
        'public',
      ],
    ] as const
  ).map(([title, lines, place]) =>
    s12.bytes(`a handshake with ${title} is none`, `GET /${place}/x HTTP/1.1\r\n${host}${lines}\r\n\r\n`, {
      status: [400, 426],
      upstream: nothing,
    }),
  ),
  s12.scenario('an upstream that refuses a handshake leaves no tunnel behind', async (kit) => {
    const wire = await kit.open();
    wire.send(
      `GET /public/x?sp_status=426 HTTP/1.1\r\n${host}Origin: https://app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`,
    );
    const answer = await wire.next();
    if (answer?.status === 101) kit.fail('the refusal of the upstream was answered 101');
    wire.send(smuggled);
    wire.end();
    await wire.untilClosed(3000);
    const seen = await kit.seen();
    if (seen.some(({ target }) => target.includes('smuggled'))) kit.fail('a request went through what is no tunnel');
  }),
  ...['/public/x?sp_status=101', '/hooks/x?sp_status=101', '/page?sp_status=101'].map((target) =>
    s12.scenario(`an upstream that switches without being asked gets nowhere: ${target}`, async (kit) => {
      const wire = await kit.open();
      wire.send(`GET ${target} HTTP/1.1\r\n${host}\r\n`);
      const answer = await wire.next({ milliseconds: 15_000 });
      if (answer?.status === 101) kit.fail('101 was passed on to a client that did not ask');
      wire.send(smuggled);
      wire.end();
      await wire.untilClosed(3000);
      const seen = await kit.seen();
      if (seen.some((request) => request.target.includes('smuggled')))
        kit.fail('a request went through what is no tunnel');
    }),
  ),
  s13.scenario('says no before "100 Continue"', async (kit) => {
    const wire = await kit.open();
    wire.send(`POST /api/x HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n`);
    const everything = await wire.untilClosed();
    if (!everything.startsWith('HTTP/1.1 401')) kit.fail(`was answered ${everything.slice(0, 30)}`);
    if ((await kit.seen()).length > 0) kit.fail('the upstream saw it');
  }),
  s13.scenario('asks no client for more than it reads', async (kit) => {
    for (const target of ['/hooks/x', '/auth/sign-in/email']) {
      const wire = await kit.open();
      wire.send(
        `POST ${target} HTTP/1.1\r\n${host}Origin: https://app.test\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n`,
      );
      const everything = await wire.untilClosed();
      if (!everything.startsWith('HTTP/1.1 413')) kit.fail(`${target} was answered ${everything.slice(0, 30)}`);
    }
    if ((await kit.seen()).length > 0) kit.fail('the upstream saw it');
  }),
  ...['200-ok', '100-continue, x', 'x'].map((value) =>
    s13.bytes(
      `Expect: ${value}`,
      `POST /api/x HTTP/1.1\r\n${host}Expect: ${value}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello`,
      {
        status: [400, 401],
        upstream: nothing,
      },
    ),
  ),
  s13.bytes(
    '100 Continue after the decision',
    `${post}Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
    {
      status: 200,
      upstream: anonymous({ body: 'hi', without: ['expect'] }),
    },
  ),
];

/** Asks for something with an identity, and compares what comes back with what was asked. */
async function expectOwnAnswer(kit: Kit, target: string, name: 'alice' | 'root'): Promise<void> {
  const wire = await kit.open();
  wire.send(kit.fill(`GET ${target} HTTP/1.1\r\n${host}Cookie: {cookie}={${name}}\r\nConnection: close\r\n\r\n`));
  const answer = await wire.next();
  wire.destroy();
  if (answer?.status !== 200) kit.fail(`${target} was answered ${answer?.status ?? 'nothing'}`);
  const echoed: unknown = JSON.parse(answer?.body ?? '{}');
  const isOwn = typeof echoed === 'object' && echoed !== null && 'target' in echoed && echoed.target === target;
  if (!isOwn) kit.fail(`${target} got the answer of another request`);
}
