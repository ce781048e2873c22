import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '@sallyport/gateway/test-support';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { statusOf } from '../../tools/launch/wait-until-ready.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { askOverHttp2, openHttp2, rowsOfHttp2 } from './http2-rows.ts';
import { nginx, readDeployed, startNginx, type RunningProxy } from './start-proxy.ts';

const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };

let folder: string;
let gateway: TestGateway;
let proxy: RunningProxy;
let ca: string;
let clearPort: number;
let passingPort: number;
let securePort: number;

describe('every file of nginx in deploy', () => {
  it.each(readdirSync(path.join(workspaceRoot, 'deploy'), { recursive: true, encoding: 'utf8' }).filter(isOfNginx))(
    '%s redirects to no host that a client says',
    (file) => {
      const text = readFileSync(path.join(workspaceRoot, 'deploy', file), 'utf8');
      expect(text).not.toMatch(/(?:return|rewrite|Redirect)\b[^;\n]*\$(?:host|http_host)\b/);
    },
  );
});

describe.skipIf(nginx === undefined)('behind nginx, configured as deploy/nginx says (skipped without nginx)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'behind-nginx-'));
    [clearPort = 0, passingPort = 0, securePort = 0] = await findFreePorts(3);
    const authority = await createTestAuthority(folder);
    ca = await readFile(authority.caFile, 'utf8');
    gateway = await startTestGateway({
      publicUrl: `https://app.test:${securePort}`,
      hosts: [],
      trustedProxies: ['127.0.0.1'],
    });
    proxy = await startNginxBeforeGateway(authority);
  });

  afterAll(async () => {
    await proxy.stop();
    await gateway.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => gateway.upstream.reset());

  rowsOfHttp2(() => ({ gateway, port: securePort, ca }));

  it('an event stream over HTTP/2 ends with its session, with the last event', async () => {
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    };
    const token = gateway.sessions.add();
    const connection = await openHttp2({ port: securePort, ca });
    const stream = askOverHttp2(connection, { ':path': '/events/x', cookie: cookie(token).Cookie });
    await vi.waitFor(() => expect(stream.body()).toBe('data: 1\n\n'), 10_000);
    const sid = gateway.sessions.sidOf(token);
    gateway.sessions.remove(token);
    await gateway.bus.revoke('session', sid);
    expect((await stream.answer).body).toContain('event: session-ended');
    connection.destroy();
  });

  it('a person who is signed in gets through, by the cookie with the __Host- prefix only', async () => {
    const token = gateway.sessions.add();
    expect((await ask('https', 'GET', '/api/x', { cookie: cookie(token).Cookie })).status).toBe(200);
    expect((await ask('https', 'GET', '/api/x', { cookie: `sallyport=${token}` })).status).toBe(401);
  });

  it('the service hears https, the public host and the address of the client', async () => {
    await ask('https', 'GET', '/public/a%20b?x=%2F', {
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.test',
      'x-forwarded-for': '198.51.100.7',
    });
    const { headers, target } = lastSeen();
    expect(target).toBe('/public/a%20b?x=%2F');
    expect(headers).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `app.test:${securePort}`,
      host: `app.test:${securePort}`,
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it('answers tell browsers to stay on https', async () => {
    const answer = await ask('https', 'GET', '/public/x');
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it('what can be read in two ways is still refused by the gateway', async () => {
    for (const target of ['/public//x', '/public/%2e%2e/admin', '/public/x%2fy']) {
      expect((await ask('https', 'GET', target)).status).toBe(400);
    }
  });

  it('nginx itself sends plain http to https', async () => {
    const answer = await ask('clear', 'GET', '/public/x?a=1', page);
    expect(answer.status).toBe(308);
    expect(answer.headers['location']).toBe('https://app.test/public/x?a=1');
  });

  it('where it passes plain http on, the gateway sends pages to https and refuses the rest', async () => {
    const answer = await ask('passing', 'GET', '/public/x?a=1', page);
    expect(answer.status).toBe(308);
    expect(answer.headers['location']).toBe(`https://app.test:${securePort}/public/x?a=1`);
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect((await ask('passing', 'POST', '/public/x', page)).status).toBe(403);
    expect((await ask('passing', 'GET', '/public/x')).status).toBe(403);
    expect((await ask('passing', 'GET', '/public/x', { 'x-forwarded-proto': 'https' })).status).toBe(403);
  });
});

/** The configuration of the repository, with other ports and files; and a third port that passes plain http on. */
async function startNginxBeforeGateway(files: { certFile: string; keyFile: string }): Promise<RunningProxy> {
  const config = await readDeployed('nginx/sallyport.conf', {
    'server 127.0.0.1:3000;': `server 127.0.0.1:${gateway.port};`,
    'listen 80;': `listen 127.0.0.1:${clearPort};`,
    'listen 443 ssl http2;': `listen 127.0.0.1:${securePort} ssl http2;`,
    'app.example.com': 'app.test',
    '/etc/ssl/sallyport/fullchain.pem': files.certFile,
    '/etc/ssl/sallyport/privkey.pem': files.keyFile,
  });
  const location = config.slice(config.indexOf('    location / {'), config.lastIndexOf('}'));
  const passing = `server { listen 127.0.0.1:${passingPort}; server_name app.test; ${location} }`;
  const running = await startNginx(folder, `${config} ${passing}`);
  await vi.waitFor(async () => expect(await statusOf({ url: `http://app.test:${clearPort}/` })).toBe(308), 10_000);
  return running;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
}

function ask(
  way: 'https' | 'clear' | 'passing',
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const port = { https: securePort, clear: clearPort, passing: passingPort }[way];
  const host = way === 'clear' ? 'app.test' : `app.test:${securePort}`;
  return new Promise((resolve, reject) => {
    const sent = (way === 'https' ? requestHttps : requestHttp)({
      host: '127.0.0.1',
      port,
      method,
      path: target,
      headers: { host, ...headers },
      agent: false,
      ...(way === 'https' ? { servername: 'app.test', ca } : {}),
    });
    sent.on('response', (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function lastSeen(): TestGateway['upstream']['seen'][number] {
  const seen = gateway.upstream.seen.at(-1);
  if (seen === undefined) throw new Error('nothing reached the service');
  return seen;
}

function isOfNginx(file: string): boolean {
  return /nginx.*\.conf$/.test(file);
}
