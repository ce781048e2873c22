import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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
  const path = (...parts: readonly string[]): string => join(place.folder, 'certs', ...parts);
  writeConfig(place, port, 'rotation', {
    policy: { permissions: { 'order:read': 'Read orders' }, roles: { user: [], reader: ['order:read'] } },
    apiKeys: {},
    mtls: {
      listen: { host: '127.0.0.1', port: machinePort },
      publicUrl: `https://localhost:${machinePort}`,
      cert: path('machines', 'cert.pem'),
      key: path('machines', 'key.pem'),
      ca: path('ca.pem'),
      crl: path('ca.crl'),
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

function agentOf(name: string): Agent {
  const agent = new Agent({ ...pairOf(name), keepAlive: true, maxSockets: 1 });
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
    expect(gateway.lines.filter(({ reason }) => reason === 'certificate-revoked')).not.toEqual([]);
  });
});
