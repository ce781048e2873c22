import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '@sallyport/gateway/test-support';
import { createAuthority, type CertificateNames } from '../../tools/launch/certificate-authority.ts';

/* A service behind the gateway that speaks TLS, with a certificate for its own name and not for the public one. */

const defaults = getCACertificates('default');
const servers: Server[] = [];
let gateway: TestGateway;
/** What clients named in their handshakes, and on how many connections. */
let serverNames: (string | false | null)[] = [];

beforeAll(async () => {
  const authority = await createAuthority({ commonName: 'inside', days: 1 });
  setDefaultCACertificates([...defaults, authority.certificate]);
  const start = async (names: CertificateNames): Promise<number> => {
    const { certificate, privateKey } = await authority.issue({ names, days: 1 });
    const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
      response.end(JSON.stringify({ host: request.headers.host }));
    });
    server.on('secureConnection', (socket: TLSSocket & { servername?: string | false | null }) =>
      serverNames.push(socket.servername ?? null),
    );
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const byName = await start({ dns: ['localhost'], ip: [] });
  const byAddress = await start({ dns: [], ip: ['127.0.0.1'] });
  const forThePublicName = await start({ dns: ['app.test'], ip: [] });
  const at = (name: string, upstream: string) => ({ name, prefix: `/${name}`, access: 'public', upstream }) as const;
  gateway = await startTestGateway({
    moreRoutes: [
      at('by-name', `https://localhost:${byName}`),
      at('by-address', `https://127.0.0.1:${byAddress}`),
      at('other-name', `https://localhost:${forThePublicName}`),
      at('other-address', `https://127.0.0.1:${forThePublicName}`),
    ],
  });
});
afterAll(async () => {
  await gateway.close();
  for (const server of servers) server.close();
  setDefaultCACertificates(defaults);
});

describe('a service that speaks TLS', () => {
  it('is asked for by its own name, and told the public one in Host', async () => {
    serverNames = [];
    const answer = await gateway.send('GET', '/by-name/x');
    expect(answer).toMatchObject({ status: 200, body: '{"host":"app.test"}' });
    expect(serverNames).toEqual(['localhost']);
  });

  it('keeps its connection for requests to every public host', async () => {
    serverNames = [];
    for (const Host of ['app.test', 'shop.test', 'app.test']) {
      expect((await gateway.send('GET', '/by-name/x', { Host })).status).toBe(200);
    }
    expect(serverNames.length).toBeLessThanOrEqual(1);
  });

  it('may be known by its address', async () => {
    serverNames = [];
    expect((await gateway.send('GET', '/by-address/x')).status).toBe(200);
    expect(serverNames).toEqual([false]);
  });

  it.each(['/other-name/x', '/other-address/x'])(
    'is not believed with a certificate for another name: %s',
    async (path) => {
      const answer = await gateway.send('GET', path);
      expect(answer.status).toBe(502);
      expect(answer.body).toContain('SP_UPSTREAM_UNAVAILABLE');
    },
  );
});
