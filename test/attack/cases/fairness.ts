import { row } from '../runner/write-case.ts';
import type { Kit } from '../runner/kit.ts';
import type { Wire } from '../runner/wire.ts';

/*
 * B: one client takes what it can, and another one gets through. What is in flight is counted at the upstream. The
 * proxy in front speaks for both clients; the route has 32 places, and a network 8 of them.
 */

const places = 32;
const share = 8;
const greedy = '203.0.113.7';
const other = '198.51.100.20';

const request = (line: string, address: string, more = ''): string =>
  `${line} HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: ${address}\r\n${more}\r\n`;

/** Opens connections of one client, and sends the same on each. */
async function flood(kit: Kit, count: number, text: string): Promise<readonly Wire[]> {
  const wires = await Promise.all(Array.from({ length: count }, () => kit.open(0)));
  for (const wire of wires) wire.send(text);
  return wires;
}

/** What another client is answered, on a connection of its own. */
async function statusOfOther(kit: Kit, line = 'GET /fair/quick', more = 'Connection: close\r\n'): Promise<number> {
  const wire = await kit.open(0);
  wire.send(request(line, other, more));
  const answer = await wire.next();
  wire.destroy();
  return answer?.status ?? 0;
}

async function requireOthersServed(kit: Kit): Promise<void> {
  for (let count = 0; count < 5; count++) {
    const status = await statusOfOther(kit);
    if (status !== 200) kit.fail(`another client was answered ${status}`);
  }
}

const isHeld = ({ target }: { readonly target: string }): boolean => target.startsWith('/fair/held');

const b01 = row('B01', 'RFC 9112, section 9.3.2: pipelining');
const b02 = row('B02', 'Requests in flight');
const b03 = row('B03', 'Slowloris with bodies');
const b04 = row('B04', 'Slow readers');
const b05 = row('B05', 'Streams');
const b06 = row('B06', 'Sign-in floods');

const held = 'GET /fair/held?sp_delay_ms=4000';

export const fairnessCases = [
  b01.scenario('pipelined requests of one client are at the upstream one at a time', async (kit) => {
    const wires = await flood(kit, 1, request(held, greedy).repeat(60));
    await kit.seenUntil((seen) => seen.some(isHeld));
    await requireOthersServed(kit);
    const count = (await kit.seen()).filter(isHeld).length;
    if (count > 2) kit.fail(`${count} of one connection were at the upstream`);
    for (const wire of wires) wire.destroy();
  }),
  b02.scenario(
    `a client with ${places * 3} connections has a quarter of the places`,
    async (kit) => {
      const wires = await flood(kit, places * 3, request(held, greedy));
      await kit.seenUntil((seen) => seen.filter(isHeld).length >= share);
      await requireOthersServed(kit);
      const count = (await kit.seen()).filter(isHeld).length;
      if (count > share) kit.fail(`${count} of one client were at the upstream`);
      for (const wire of wires) wire.destroy();
    },
    'trusted-proxy',
  ),
  b03.scenario(
    'bodies that do not come take no place',
    async (kit) => {
      const accepts = 'Accept: text/event-stream\r\nContent-Length: 1000\r\n';
      const wires = await flood(kit, places * 3, `${request('POST /fair/held', greedy, accepts)}a`);
      await requireOthersServed(kit);
      const count = (await kit.seen()).filter(isHeld).length;
      if (count > 0) kit.fail(`${count} without a body were at the upstream`);
      for (const wire of wires) wire.destroy();
    },
    'trusted-proxy',
  ),
  b04.scenario(
    'answers that are not read keep no place from others',
    async (kit) => {
      const wires = await flood(kit, places * 3, request('GET /fair/held?sp_bytes=1000000000', greedy));
      await kit.seenUntil((seen) => seen.filter(isHeld).length >= share);
      await requireOthersServed(kit);
      for (const wire of wires) wire.destroy();
    },
    'trusted-proxy',
  ),
  b05.scenario(
    'streams of one client leave places to others',
    async (kit) => {
      const accepts = 'Accept: text/event-stream\r\n';
      const wires = await flood(kit, places * 3, request('GET /fair/held/events?sp_delay_ms=4000', greedy, accepts));
      await kit.seenUntil((seen) => seen.filter(isHeld).length >= share);
      await requireOthersServed(kit);
      for (const wire of wires) wire.destroy();
    },
    'trusted-proxy',
  ),
  b06.scenario(
    'hundreds of requests to reset a password do not keep another client from signing in',
    async (kit) => {
      const body = '{"email":"nobody@app.test"}';
      const headers = `Origin: https://app.test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
      const wires = await flood(kit, 400, request('POST /auth/request-password-reset', greedy, headers) + body);
      const attempt = '{"email":"nobody@app.test","password":"no such password at all"}';
      const more = `Origin: https://app.test\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${attempt.length}\r\n`;
      const wire = await kit.open(0);
      wire.send(request('POST /auth/sign-in/email', other, more) + attempt);
      const answer = await wire.next();
      wire.destroy();
      for (const one of wires) one.destroy();
      if (answer?.status !== 401) kit.fail(`a wrong password was answered ${answer?.status ?? 0}`);
    },
    'trusted-proxy',
  ),
];
