import type { AttackCase } from '../runner/attack-case.ts';
import { nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';
import { fixtureAccounts } from '../fixture/fixture-accounts.ts';
import { sessionValue } from '../fixture/session-value.ts';

/* W: WebSockets and streams of events. */

const w01 = row('W01', 'The upgrade event of Node passes by every middleware');
const w02 = row('W02', 'Pomerium #1279: streams that outlive their session');
const w03 = row('W03', 'A socket only for its own user');
const w05 = row('W05', 'PostHog #1484; LibreChat #10859');
const w07 = row('W07', 'A client that leaves');
const w11 = row('W11', 'Tokens in subprotocols and queries');

const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
] as const;
const own = 'Origin: https://app.test';

export const webSocketCases: readonly AttackCase[] = [
  ...w01.requests(
    [
      { target: '/ws', headers: [...handshake, own] },
      { target: '/ws', headers: handshake },
      { target: '/%77s', headers: [...handshake, own] },
      { target: '/ws/', headers: [...handshake, own] },
      { target: '/ws/x?y=/public', headers: [...handshake, own] },
      { target: '/admin/x', headers: [...handshake, own] },
      { target: '/api/x', headers: [...handshake, own] },
      { target: '/ws', headers: [...handshake, own, 'Cookie: {cookie}=x'] },
      { target: '/ws', headers: [...handshake, own, 'Cookie: {cookie}={alice}; {cookie}={root}'] },
      { target: '/admin.rsc', headers: [...handshake, own] },
    ],
    { status: 401, upstream: nothing },
  ),
  ...w01.requests([{ target: '/admin/x', headers: [...handshake, own, cookieOf('alice')] }], {
    status: 403,
    upstream: nothing,
  }),
  ...w01.requests([{ target: '/auth/session', headers: [...handshake, own, cookieOf('alice')] }], {
    status: [400, 426, 501],
    upstream: nothing,
  }),
  ...w01.requests(
    [
      { target: '//ws', headers: [...handshake, own, cookieOf('alice')] },
      { target: '/public/../ws', headers: [...handshake, own, cookieOf('alice')] },
      { target: '/ws;x', headers: [...handshake, own, cookieOf('alice')] },
    ],
    {
      status: 400,
      upstream: nothing,
    },
  ),
  w02.scenario(
    'signing out ends the socket and the stream of events of that session',
    async (kit) => {
      const { gateway, cookieName } = kit.address;
      const value = await sessionValue(gateway, fixtureAccounts.alice);
      const cookie = `Cookie: ${cookieName}=${value}`;
      const socket = await kit.open();
      socket.send([`GET /ws HTTP/1.1`, 'Host: app.test', ...handshake, own, cookie, '', ''].join('\r\n'));
      const agreed = await socket.next();
      if (agreed?.status !== 101) kit.fail(`the handshake was answered ${agreed?.status ?? 0}`);
      const events = await kit.open();
      events.send(`GET /events HTTP/1.1\r\nHost: app.test\r\nAccept: text/event-stream\r\n${cookie}\r\n\r\n`);
      if (!(await events.until(/"count":1/))) kit.fail('no event came');
      const leaving = await kit.open();
      leaving.send(
        `POST /auth/sign-out HTTP/1.1\r\nHost: app.test\r\n${own}\r\nContent-Type: application/json\r\n${cookie}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
      );
      await leaving.next();
      // A close frame that says 4401.
      if (!(await socket.until(/\u0088[^]\u0011\u0031/))) kit.fail('the socket was not closed with 4401');
      if (!(await events.until(/event: ?session-ended/)))
        kit.fail('the stream of events does not say that its session ended');
      await events.untilClosed();
      if (!events.isClosed) kit.fail('the stream of events goes on');
      socket.destroy();
      events.destroy();
      leaving.destroy();
    },
    'sallyport',
  ),
  w03.scenario('alice has a socket, which is hers, and what she says comes back', async (kit) => {
    const wire = await kit.open();
    wire.send(
      kit.fill([`GET /ws HTTP/1.1`, 'Host: app.test', ...handshake, own, cookieOf('alice'), '', ''].join('\r\n')),
    );
    const answer = await wire.next();
    if (answer?.status !== 101) return kit.fail(`the handshake was answered ${answer?.status ?? 0}`);
    // A masked text frame: "hi".
    wire.send('\u0081\u0082\u0001\u0002\u0003\u0004ik');
    if (!(await wire.until(/\u0081\u0002hi/))) kit.fail('the frame did not come back');
    const problem = user('alice', { without: ['cookie'] }).check(await kit.seen(), kit.context);
    wire.destroy();
    if (problem !== undefined) kit.fail(problem);
  }),
  w05.scenario('events arrive one by one', async (kit) => {
    const wire = await kit.open();
    wire.send(
      kit.fill(`GET /events HTTP/1.1\r\nHost: app.test\r\nAccept: text/event-stream\r\n${cookieOf('alice')}\r\n\r\n`),
    );
    if (!(await wire.until(/"count":2/))) kit.fail('no second event came');
    wire.destroy();
  }),
  ...w05.requests(
    [
      { target: '/events' },
      { target: '/events', headers: ['Accept: text/event-stream'] },
      { target: '/events', headers: ['Accept: text/event-stream', 'Last-Event-ID: 1'] },
    ],
    { status: 401, upstream: nothing },
  ),
  w07.scenario('a client that leaves in the middle disturbs no other client', async (kit) => {
    for (let round = 0; round < 10; round++) {
      const wire = await kit.open();
      wire.send(kit.fill(`GET /events HTTP/1.1\r\nHost: app.test\r\n${cookieOf('alice')}\r\n\r\n`));
      if (!(await wire.until(/"count":1/))) kit.fail('no event came');
      wire.destroy();
    }
  }),
  w07.scenario('a client that leaves a download disturbs no other client', async (kit) => {
    for (let round = 0; round < 5; round++) {
      const wire = await kit.open();
      wire.send(`GET /public/x?sp_bytes=100000000 HTTP/1.1\r\nHost: app.test\r\n\r\n`);
      if (!(await wire.until(/aaaa/))) kit.fail('nothing came');
      wire.destroy();
    }
  }),
  ...w11.requests(
    [
      { target: '/ws?access_token={alice}', headers: [...handshake, own] },
      { target: '/ws', headers: [...handshake, own, 'Sec-WebSocket-Protocol: {alice}'] },
      { target: '/ws?{cookie}={alice}', headers: [...handshake, own] },
    ],
    { status: 401, upstream: nothing },
  ),
];
