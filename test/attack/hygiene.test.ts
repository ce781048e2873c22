import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaseFailure } from './runner/case-failure.ts';
import type { Kit } from './runner/kit.ts';
import { runCase } from './runner/run-case.ts';
import { toReport, toScoreboard } from './runner/scoreboard.ts';
import { nothing } from './runner/upstream-oracles.ts';
import { openWire } from './runner/wire.ts';
import { row } from './runner/write-case.ts';

/* A gateway of another make that refuses everything, with the headers that the path names. */
let server: Server;
let kit: Kit;
beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/forgotten')) response.setHeader('cache-control', 'no-store');
    if (url.includes('session')) response.setHeader('set-cookie', 'sid=a');
    response.writeHead(400).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kit = {
    address: {
      gateway,
      echo: gateway,
      hosts: ['app.test'],
      cookieName: 'sid',
      cookies: { alice: 'a', root: 'r' },
      key: 'k',
    },
    context: { cookieName: 'sid', identityOf: () => undefined },
    open: () => openWire(gateway),
    fill: (text) => text,
    seen: async () => [],
    seenUntil: async () => [],
    reset: async () => {},
    isHealthy: async () => true,
    fail: (problem) => {
      throw new CaseFailure(problem);
    },
  };
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const casesOf = (target: string) => row('P01', 'a path').requests([{ target }], { status: 400, upstream: nothing });
const run = async (target: string) =>
  Promise.all(casesOf(target).map(async (attack) => ({ attack, outcome: await runCase(attack, kit) })));

describe('a refusal that keeps everybody out', () => {
  it('passes when no cache may keep it', async () => {
    expect((await run('/forgotten'))[0]?.outcome).toEqual({ kind: 'passed' });
  });

  it('is hygiene when a cache may keep it', async () => {
    const problem = 'answered 400, but a cache may keep the refusal';
    expect((await run('/kept'))[0]?.outcome).toEqual({ kind: 'hygiene', problem });
  });

  it('fails when something else is wrong with it, too', async () => {
    expect((await run('/kept/session'))[0]?.outcome).toMatchObject({ kind: 'failed' });
  });
});

describe('the scoreboard', () => {
  it('counts hygiene in a column of its own', async () => {
    const results = [...(await run('/forgotten')), ...(await run('/kept')), ...(await run('/kept/session'))];
    const table = toScoreboard(results);
    expect(table).toMatch(/^group +passed +failed +hygiene +not applicable/);
    expect(table).toMatch(/^all +1 +1 +1 +0$/m);
    expect(toReport(results)).toMatchObject({ groups: { P: { passed: 1, failed: 1, hygiene: 1 } } });
  });
});
