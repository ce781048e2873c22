import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { createWorkplace, type Workplace } from 'sallyport/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { startBeside, writeConfig } from './command-workplace.ts';
import type { GatewayProcess } from './gateway-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** The gateway reads its files every ten seconds; a pair that does not fit yet is looked at once more. */
const takenOverWithinMilliseconds = 25_000;

let place: Workplace;
let gateway: GatewayProcess;
let machinePort: number;
let service: Server;
/** Serial numbers of what the gateway showed the service, and of what the service was shown last. */
const shownToService: string[] = [];
const agents: Agent[] = [];

const read = (...parts: readonly string[]): Buffer => readFileSync(join(place.folder, 'certs', ...parts));
const pairOf = (name: string) => ({ cert: read(name, 'pair.pem'), key: read(name, 'pair.pem'), ca: read('ca.pem') });

/** What the gateway believes: the authorities of these folders, and their lists. */
function publish(...folders: readonly string[]): void {
  for (const file of ['ca.pem', 'ca.crl']) {
    const target = join(place.folder, file);
    writeFileSync(
      `${target}.next`,
      folders.map((folder) => readFileSync(join(place.folder, folder, file), 'utf8')).join(''),
    );
    renameSync(`${target}.next`, target);
  }
}

async function run(...args: readonly string[]): Promise<string> {
  const { code, errors, output } = await place.run(args);
  expect([code, errors]).toEqual([0, '']);
  return output;
}

beforeAll(async () => {
  place = createWorkplace();
  await run('certs', 'init', '--trust-domain', 'acme', '--domain', 'localhost');
  await run('certs', 'issue', 'machines', '--spiffe', 'spiffe://acme/machines', '--dns', 'localhost', '--server');
  await run('certs', 'issue', 'gateway', '--spiffe', 'spiffe://acme/gateway', '--client');
  await run('certs', 'issue', 'orders', '--spiffe', 'spiffe://acme/orders', '--dns', 'localhost');
  for (const name of ['billing', 'reports']) await run('certs', 'issue', name, '--spiffe', `spiffe://acme/${name}`);
  service = await startService();
  const [port = 0, free = 0] = await findFreePorts(2);
  machinePort = free;
  publish('certs');
  const path = (...parts: readonly string[]): string => join(place.folder, 'certs', ...parts);
  writeConfig(place, port, 'rotation', {
    policy: { permissions: { 'order:read': 'Read orders' }, roles: { user: [], reader: ['order:read'] } },
    apiKeys: {},
    mtls: {
      listen: { host: '127.0.0.1', port: machinePort },
      publicUrl: `https://localhost:${machinePort}`,
      cert: path('machines', 'cert.pem'),
      key: path('machines', 'key.pem'),
      ca: join(place.folder, 'ca.pem'),
      crl: join(place.folder, 'ca.crl'),
    },
    upstreamTls: {
      certFile: path('gateway', 'cert.pem'),
      keyFile: path('gateway', 'key.pem'),
      caFile: path('ca.pem'),
    },
    routes: [
      {
        name: 'orders',
        prefix: '/api/orders',
        upstream: `https://localhost:${(service.address() as AddressInfo).port}`,
        upstreamTls: { serverId: 'spiffe://acme/orders' },
        audience: 'orders',
        access: { permissions: ['order:read'] },
        credentials: ['mtls'],
      },
    ],
  });
  for (const name of ['billing', 'reports'])
    await run('service-accounts', 'create', name, 'reader', '--certificate', `spiffe://acme/${name}`);
  gateway = await startBeside(place);
});
afterAll(async () => {
  for (const agent of agents) agent.destroy();
  await gateway.stop();
  service.closeAllConnections();
  service.close();
});

/** A service that takes connections of the gateway alone. */
async function startService(): Promise<Server> {
  const options = { ...pairOf('orders'), crl: read('ca.crl'), requestCert: true, rejectUnauthorized: true };
  const server = createServer(options, (message, response) => {
    message.resume();
    response.end('{}');
  });
  server.on('secureConnection', (socket) => shownToService.push(socket.getPeerCertificate().serialNumber));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface Answer {
  readonly status: number | undefined;
  readonly serialNumber: string;
  readonly body: string;
}

function agentOf(name: string, folder = 'certs'): Agent {
  const pair = readFileSync(join(place.folder, folder, name, 'pair.pem'));
  const agent = new Agent({ cert: pair, key: pair, ca: read('ca.pem'), keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return agent;
}

async function call(agent: Agent): Promise<Answer> {
  const sent = request({ host: 'localhost', port: machinePort, path: '/api/orders/1', agent });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
  let body = '';
  for await (const part of response.setEncoding('utf8')) body += String(part);
  return { status: response.statusCode, serialNumber, body };
}

describe('certificates at a gateway', () => {
  it('are renewed under load at every end, and no request fails', async () => {
    const figures = { keptAlive: 0, newConnections: 0, failed: [] as string[] };
    const serials = new Set<string>();
    let isOver = false;
    const count = async (agent: Agent, kind: 'keptAlive' | 'newConnections'): Promise<void> => {
      try {
        const { status, serialNumber, body } = await call(agent);
        serials.add(serialNumber);
        if (status === 200) figures[kind] += 1;
        else figures.failed.push(`${status} ${body}`);
      } catch (error) {
        figures.failed.push(String(error));
      }
    };
    const keepCalling = async (): Promise<void> => {
      const agent = agentOf('billing');
      while (!isOver) await count(agent, 'keptAlive');
    };
    const keepConnecting = async (): Promise<void> => {
      while (!isOver) {
        const agent = agentOf('billing');
        await count(agent, 'newConnections');
        agent.destroy();
        await wait(20);
      }
    };
    const load = Promise.all([...Array.from({ length: 6 }, keepCalling), keepConnecting(), keepConnecting()]);
    await vi.waitFor(() => expect([serials.size, new Set(shownToService).size]).toEqual([1, 1]));
    for (let times = 0; times < 2; times += 1) {
      const before = { listener: serials.size, service: new Set(shownToService).size };
      await run('certs', 'renew', 'machines', 'gateway', 'orders', 'billing');
      await run('certs', 'crl');
      publish('certs');
      service.setSecureContext({ ...pairOf('orders'), crl: read('ca.crl') });
      await vi.waitFor(
        () => {
          expect(serials.size).toBeGreaterThan(before.listener);
          expect(new Set(shownToService).size).toBeGreaterThan(before.service);
        },
        { timeout: takenOverWithinMilliseconds, interval: 200 },
      );
    }
    isOver = true;
    await load;
    console.info('rotation under load', { ...figures, failed: figures.failed.length, leaves: serials.size });
    expect(figures.failed).toEqual([]);
    expect(figures.keptAlive).toBeGreaterThan(500);
    expect(figures.newConnections).toBeGreaterThan(50);
    expect(serials.size).toBe(3);
  });

  it('are refused once they are revoked, also on connections that are open, and no others are', async () => {
    const [open, other] = [agentOf('reports'), agentOf('billing')];
    expect((await call(open)).status).toBe(200);
    await run('certs', 'revoke', 'reports');
    publish('certs');
    const startedAt = performance.now();
    await vi.waitFor(
      async () => {
        expect((await call(other)).status).toBe(200);
        expect((await call(open)).status).toBe(401);
      },
      { timeout: takenOverWithinMilliseconds, interval: 100 },
    );
    console.info('refused after revocation', { seconds: Math.round((performance.now() - startedAt) / 100) / 10 });
    const refused = await call(agentOf('reports'));
    expect(refused.status).toBe(401);
    expect(refused.body).toContain('SP_UNAUTHENTICATED');
    expect((await call(other)).status).toBe(200);
    // Its log comes by another way than its answers.
    await vi.waitFor(() =>
      expect(gateway.lines.filter(({ reason }) => reason === 'certificate-revoked')).not.toEqual([]),
    );
  });

  it('of another authority take over from those of the first, and no request fails', async () => {
    const failed: string[] = [];
    const tally = { isOver: false, answered: 0 };
    const keepCalling = async (agent: Agent): Promise<void> => {
      while (!tally.isOver) {
        const { status, body } = await call(agent).catch((error: unknown) => ({ status: 0, body: String(error) }));
        if (status === 200) tally.answered += 1;
        else failed.push(`${status} ${body}`);
        await wait(5);
      }
    };
    const trustsTaken = (): number => gateway.lines.filter(({ event }) => event === 'machine-trust-replaced').length;
    const takenOver = async (before: number): Promise<void> => {
      const options = { timeout: takenOverWithinMilliseconds, interval: 100 };
      await vi.waitFor(() => expect(trustsTaken()).toBeGreaterThan(before), options);
    };
    await run('certs', 'init', '--folder', 'second', '--trust-domain', 'acme');
    await run('certs', 'issue', 'billing', '--folder', 'second', '--spiffe', 'spiffe://acme/billing');
    const old = agentOf('billing');
    const load = [keepCalling(old)];
    let before = trustsTaken();
    publish('certs', 'second');
    await takenOver(before);
    // What was open is judged again by both authorities, and goes on.
    load.push(keepCalling(agentOf('billing', 'second')), keepCalling(agentOf('billing')));
    await wait(500);
    tally.isOver = true;
    await Promise.all(load);
    expect(failed).toEqual([]);
    expect(tally.answered).toBeGreaterThan(100);

    before = trustsTaken();
    publish('second');
    await takenOver(before);
    // The client may not have heard yet that its connection is gone.
    expect((await call(old).catch(() => call(old))).status).toBe(401);
    expect((await call(agentOf('billing', 'second'))).status).toBe(200);
    // Its log comes by another way than its answers.
    await vi.waitFor(() =>
      expect(gateway.lines.filter(({ reason }) => reason === 'certificate-unknown-authority')).not.toEqual([]),
    );
  });
});
