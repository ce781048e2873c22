import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from '../test-support/memory-terminal.ts';

/*
 * The files of `sallyport certs` at servers and clients of Node, which take over what is new while requests are under way. The
 * gateway does the same with them: test/processes/certificate-rotation.test.ts.
 */

interface Answer {
  readonly status: number | undefined;
  /** Who the server saw, and whether it believes the certificate. */
  readonly caller: string;
  readonly authorization: string;
  /** Of the certificate that the server showed. */
  readonly serialNumber: string;
}

let place: Workplace;
let server: Server;
let port: number;
const agents: Agent[] = [];

const read = (...parts: readonly string[]): Buffer => readFileSync(join(place.folder, 'certs', ...parts));
const secrets = (name: string) => ({ cert: read(name, 'pair.pem'), key: read(name, 'pair.pem'), ca: read('ca.pem') });
/** As a gateway does it: what is in the files, once it can be used. */
const takeOver = (): void => server.setSecureContext({ ...secrets('api'), crl: read('ca.crl') });

async function certs(...args: readonly string[]): Promise<void> {
  const { code, errors } = await place.run(['certs', ...args]);
  expect([code, errors]).toEqual([0, '']);
}

beforeAll(async () => {
  place = createWorkplace();
  await certs('init', '--trust-domain', 'acme', '--domain', 'localhost');
  await certs('issue', 'api', '--spiffe', 'spiffe://acme/api', '--dns', 'localhost');
  for (const name of ['billing', 'orders']) await certs('issue', name, '--spiffe', `spiffe://acme/${name}`);
  const options = { ...secrets('api'), crl: read('ca.crl'), requestCert: true, rejectUnauthorized: false };
  server = createServer(options, (message, response) => {
    const socket = message.socket as TLSSocket; // An https server has no others.
    const caller = socket.getPeerX509Certificate()?.subjectAltName ?? '';
    const authorization = socket.authorized ? 'authorized' : String(socket.authorizationError);
    message.resume();
    response.end(JSON.stringify({ caller, authorization }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  for (const agent of agents) agent.destroy();
  server.closeAllConnections();
  server.close();
});

/** An agent that calls as a service; it keeps its connections. */
function agentOf(name: string, maxSockets = 1): Agent {
  const agent = new Agent({ ...secrets(name), keepAlive: true, maxSockets, maxCachedSessions: 0 });
  agents.push(agent);
  return agent;
}

async function call(agent: Agent): Promise<Answer> {
  const sent = request({ host: 'localhost', port, agent });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
  let body = '';
  for await (const part of response.setEncoding('utf8')) body += String(part);
  return {
    status: response.statusCode,
    serialNumber,
    ...(JSON.parse(body) as { caller: string; authorization: string }),
  };
}

describe('certificates in use', () => {
  it('are renewed ten times at both ends under load, and no request fails', async () => {
    let isOver = false;
    const serials = new Set<string>();
    const counts = { answered: 0, failed: 0, refused: 0 };
    const count = async (agent: Agent): Promise<void> => {
      try {
        const { status, authorization, serialNumber } = await call(agent);
        serials.add(serialNumber);
        if (status === 200 && authorization === 'authorized') counts.answered += 1;
        else counts.refused += 1;
      } catch {
        counts.failed += 1;
      }
    };
    const keepCalling = async (): Promise<void> => {
      const agent = agentOf('billing');
      while (!isOver) await count(agent);
    };
    const keepConnecting = async (): Promise<void> => {
      while (!isOver) {
        const agent = agentOf('billing');
        await count(agent);
        agent.destroy();
      }
    };
    const load = Promise.all([keepCalling(), keepCalling(), keepCalling(), keepConnecting(), keepConnecting()]);
    for (let times = 0; times < 10; times += 1) {
      await certs('renew', 'api', 'billing');
      takeOver();
      await wait(30);
    }
    isOver = true;
    await load;
    expect({ failed: counts.failed, refused: counts.refused }).toEqual({ failed: 0, refused: 0 });
    expect(counts.answered).toBeGreaterThan(50);
    expect(serials.size).toBeGreaterThan(5);
  });

  it('are refused once they are revoked, and those of others are not', async () => {
    const before = agentOf('orders');
    expect(await call(before)).toMatchObject({ authorization: 'authorized', caller: 'URI:spiffe://acme/orders' });
    await certs('revoke', 'orders');
    takeOver();
    expect(await call(agentOf('orders'))).toMatchObject({ authorization: 'CERT_REVOKED' });
    expect(await call(agentOf('billing'))).toMatchObject({ authorization: 'authorized' });
  });

  it('are not believed of another authority with the same names', async () => {
    const other = createWorkplace();
    await other.run(['certs', 'init', '--trust-domain', 'acme']);
    await other.run(['certs', 'issue', 'billing', '--spiffe', 'spiffe://acme/billing']);
    const pair = readFileSync(join(other.folder, 'certs', 'billing', 'pair.pem'));
    const agent = new Agent({ cert: pair, key: pair, ca: read('ca.pem') });
    agents.push(agent);
    expect((await call(agent)).authorization).not.toBe('authorized');
  });

  it('tell a caller that it reached the service that it meant, by its SPIFFE id', async () => {
    const expecting = (id: string): Agent => {
      const agent = new Agent({
        ...secrets('billing'),
        checkServerIdentity: (host, certificate) =>
          certificate.subjectaltname?.split(', ').includes(`URI:${id}`) === true
            ? checkServerIdentity(host, certificate)
            : new Error('another service'),
      });
      agents.push(agent);
      return agent;
    };
    expect(await call(expecting('spiffe://acme/api'))).toMatchObject({ status: 200 });
    await expect(call(expecting('spiffe://acme/orders'))).rejects.toThrow('another service');
  });
});
