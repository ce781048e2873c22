import { fixtureAccounts, spareAccount, type FixtureAccount } from '../fixture/fixture-accounts.ts';
import { sessionValue } from '../fixture/session-value.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import type { Kit } from '../runner/kit.ts';
import type { Wire, WireAnswer } from '../runner/wire.ts';
import { row } from '../runner/write-case.ts';

/*
 * L: sessions that end, and rights that are taken away, at another gateway than the one that is asked next. With one
 * gateway it is that one's own cache that must not go on believing.
 */

const l01 = row('L01', 'Pomerium: a cache of a minute; Better Auth cookieCache');
const l02 = row('L02', 'mod_auth_openidc: one slot for each subject');
const l17 = row('L17', 'Pomerium CVE-2021-41230; Authelia GHSA-x883');
const w04 = row('W04', 'A role that is taken away while a socket is open');
const w10 = row('W10', 'Idle sockets of one session');

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const handshake = ['Connection: Upgrade', 'Upgrade: websocket', key, 'Sec-WebSocket-Version: 13'] as const;
const own = 'Origin: https://app.test';
const streamsPerSession = 32;
/** Half a minute until a session behind a socket is looked at again, where no news of it came. */
const recheckMilliseconds = 45_000;

export const lifecycleCases: readonly AttackCase[] = [
  l01.scenario(
    'a session that ends at one gateway is refused by the next request at the other, however warm its cache is',
    async (kit) => {
      for (let round = 0; round < 6; round++) {
        const [here, there] = [round, round + 1];
        const cookie = await session(kit, fixtureAccounts.alice);
        for (const gateway of [here, there, there]) await expectStatus(kit, gateway, cookie, '/api/warm', 200);
        await kit.reset();
        const left = await ask(kit, here, cookie, { method: 'POST', target: '/auth/sign-out', body: '{}' });
        if (left?.status !== 204) kit.fail(`signing out was answered ${left?.status ?? 0}`);
        await expectStatus(kit, there, cookie, '/api/gone', 401);
        await expectStatus(kit, here, cookie, '/api/gone', 401);
        if ((await kit.seen()).length > 0) kit.fail('the upstream saw a request of a session that had ended');
      }
    },
    'sallyport',
  ),
  l02.scenario(
    'signing out everywhere ends every session at every gateway, and none that begins afterwards',
    async (kit) => {
      const cookies: string[] = [];
      for (let count = 0; count < 5; count++) cookies.push(await session(kit, spareAccount));
      for (const cookie of cookies) {
        for (const gateway of [0, 1]) await expectStatus(kit, gateway, cookie, '/api/warm', 200);
      }
      const desk = cookies[0] ?? '';
      const answer = await ask(kit, 1, desk, { method: 'POST', target: '/auth/sessions/revoke-all', body: '{}' });
      if (answer?.status !== 200) kit.fail(`signing out everywhere was answered ${answer?.status ?? 0}`);
      const later = await session(kit, spareAccount);
      for (const gateway of [0, 1]) {
        for (const cookie of cookies) await expectStatus(kit, gateway, cookie, '/api/gone', 401);
        await expectStatus(kit, gateway, later, '/api/later', 200);
      }
    },
    'sallyport',
  ),
  l17.scenario(
    'a role counts at the other gateway from the next request on, and no longer when it is taken away',
    async (kit) => {
      const root = await session(kit, fixtureAccounts.root);
      const carol = await session(kit, spareAccount);
      for (let round = 0; round < 3; round++) {
        await expectStatus(kit, 1, carol, '/admin/x', 403);
        await giveRoles(kit, root, carol, ['admin']);
        await expectStatus(kit, 1, carol, '/admin/x', 200);
        await giveRoles(kit, root, carol, ['user']);
      }
      await expectStatus(kit, 1, carol, '/admin/x', 403);
      await expectStatus(kit, 0, carol, '/admin/x', 403);
    },
    'sallyport',
  ),
  w04.scenario(
    'the socket that the role opened is closed',
    async (kit) => {
      const root = await session(kit, fixtureAccounts.root);
      const carol = await session(kit, spareAccount);
      await giveRoles(kit, root, carol, ['admin']);
      const socket = await openSocket(kit, carol, '/admin/ws?sp_status=101', 1);
      const hers = await openSocket(kit, carol, '/ws', 1);
      await giveRoles(kit, root, carol, ['user']);
      // A close frame with any code: what matters is that the conversation ends.
      if (!(await socket.until(/\u0088/, recheckMilliseconds))) kit.fail('the socket of the role stays open');
      // What she may still do goes on: her frame comes back.
      hers.send('\u0081\u0082\u0001\u0002\u0003\u0004ik');
      if (!(await hers.until(/\u0081\u0002hi/))) kit.fail('a socket that needs no role was closed too');
      socket.destroy();
      hers.destroy();
    },
    'sallyport',
  ),
  w10.scenario(
    'a session has so many sockets and no more, and gets another one when one is closed',
    async (kit) => {
      const cookie = await session(kit, fixtureAccounts.alice);
      const open: Wire[] = [];
      for (let count = 0; count < streamsPerSession; count++) open.push(await openSocket(kit, cookie, '/ws', 0));
      for (let count = 0; count < 3; count++) {
        const refused = await shake(kit, cookie, '/ws', 0);
        const answer = await refused.next();
        if (answer?.status !== 429) kit.fail(`one more was answered ${answer?.status ?? 0}`);
        refused.destroy();
      }
      // Other clients are not held up by it.
      await expectStatus(kit, 0, kit.address.cookies.root, '/api/x', 200);
      open.pop()?.destroy();
      const deadline = Date.now() + 10_000;
      for (;;) {
        const wire = await shake(kit, cookie, '/ws', 0);
        const answer = await wire.next();
        wire.destroy();
        if (answer?.status === 101) break;
        if (Date.now() > deadline) kit.fail('what was closed still counts');
      }
      for (const wire of open) wire.destroy();
    },
    'sallyport',
  ),
];

function session(kit: Kit, account: FixtureAccount): Promise<string> {
  return sessionValue(kit.address.gateway, account);
}

interface Asked {
  readonly method?: string;
  readonly target: string;
  readonly body?: string;
}

async function ask(
  kit: Kit,
  gateway: number,
  cookie: string,
  { method = 'GET', target, body = '' }: Asked,
): Promise<WireAnswer | undefined> {
  const wire = await kit.open(gateway);
  const head = [`${method} ${target} HTTP/1.1`, 'Host: app.test', `Cookie: ${kit.address.cookieName}=${cookie}`, own];
  const content = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
  wire.send([...head, ...content, 'Connection: close', '', body].join('\r\n'));
  const answer = await wire.next();
  wire.destroy();
  return answer;
}

async function expectStatus(kit: Kit, gateway: number, cookie: string, target: string, status: number): Promise<void> {
  const answer = await ask(kit, gateway, cookie, { target });
  if (answer?.status !== status) kit.fail(`${target}: expected ${status}, was answered ${answer?.status ?? 0}`);
}

async function giveRoles(kit: Kit, root: string, of: string, roles: readonly string[]): Promise<void> {
  const id = /"user":\{"id":"([^"]+)"/.exec((await ask(kit, 0, of, { target: '/auth/session' }))?.body ?? '')?.[1];
  if (id === undefined) kit.fail('GET /auth/session names no user');
  const change = { method: 'PUT', target: `/auth/users/${id}/roles`, body: JSON.stringify({ roles }) };
  const answer = await ask(kit, 0, root, change);
  if (answer?.status !== 200) kit.fail(`giving roles was answered ${answer?.status ?? 0}`);
}

async function shake(kit: Kit, cookie: string, target: string, gateway: number): Promise<Wire> {
  const wire = await kit.open(gateway);
  const line = `Cookie: ${kit.address.cookieName}=${cookie}`;
  wire.send([`GET ${target} HTTP/1.1`, 'Host: app.test', ...handshake, own, line, '', ''].join('\r\n'));
  return wire;
}

async function openSocket(kit: Kit, cookie: string, target: string, gateway: number): Promise<Wire> {
  const wire = await shake(kit, cookie, target, gateway);
  const answer = await wire.next();
  if (answer?.status !== 101) kit.fail(`the handshake at ${target} was answered ${answer?.status ?? 0}`);
  return wire;
}
