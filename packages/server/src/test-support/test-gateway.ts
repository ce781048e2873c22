import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as sendRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer as createPortProbe, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OptionsError, type LogFields, type Logger } from '@sallyport/core';
import { startGateway, type Gateway, type GatewayOptions } from '../compose.ts';
import type { ConfigInput } from '../config/config-schema.ts';
import { readEnvironment } from '../config/environment.ts';
import { parseConfig } from '../config/parse-config.ts';
import { createTestPreset, testAccounts, testPolicy } from './test-preset.ts';
import { testRoutes } from './test-routes.ts';

/** A line of the log. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A whole gateway on the embedded stores, in front of an upstream that says who it was told is there. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly origin: string;
  readonly adminOrigin: string;
  readonly dataDir: string;
  readonly lines: readonly LogLine[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  signIn(role?: string): Promise<string>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly config?: Partial<ConfigInput>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly gateway?: Partial<GatewayOptions>;
}

/** Starts a gateway on loopback, with an account of each role. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnFreePort(options);
    } catch (error) {
      // Another test file may have taken the port since it was found free.
      const isTaken = error instanceof OptionsError && error.code === 'SP_OPTIONS_PORT_UNAVAILABLE';
      if (!isTaken || attempt === 3) throw error;
    }
  }
}

async function startOnFreePort(options: TestGatewayOptions): Promise<TestGateway> {
  const upstream = createServer((request, response) => {
    request.resume();
    response.end(JSON.stringify({ path: request.url, headers: request.headers }));
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const lines: LogLine[] = [];
  const line =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields): void =>
      void lines.push({ level, message, fields });
  const logger: Logger = { info: line('info'), warn: line('warn'), error: line('error') };
  const config = parseConfig(
    {
      publicUrl: origin,
      listen: { port },
      dataDir,
      policy: testPolicy,
      admin: { port: 0 },
      passwords: { answerFloorMilliseconds: 100 },
      mailbox: { port: 0 },
      routes: testRoutes(to),
      ...options.config,
    },
    'test',
  );
  const environment = readEnvironment(options.environment ?? {});
  const gateway = await startGateway({ config, preset: createTestPreset(), environment, logger, ...options.gateway });
  return {
    gateway,
    origin,
    adminOrigin: `http://127.0.0.1:${gateway.adminPort ?? 0}`,
    dataDir,
    lines,
    get: (path, headers = {}) => fetch(origin + path, { headers, redirect: 'manual' }),
    signIn: async (role = 'user') => {
      const account = testAccounts.find((one) => one.role === role);
      const answer = await fetch(`${origin}/auth/sign-in/email`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify({ email: account?.email, password: account?.password }),
      });
      if (answer.status !== 200) throw new Error(`signing in was answered with ${answer.status}`);
      return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    },
    close: async () => {
      await gateway.close();
      upstream.closeAllConnections();
      upstream.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createPortProbe();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** An answer to a request whose headers fetch would not send. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request with any headers, such as another Host. */
export function send(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.once('error', reject);
    request.end(body);
  });
}
