import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAgent } from './agent.test-support.ts';
import { startNotesSystem, type NotesSystem } from './notes-system.test-support.ts';

/** Of the 32 scenarios for servers those that need no tool, prompt or resource of the suite's own reference server. */
const scenarios = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'] as const;

let system: NotesSystem;
let front: { readonly url: string; close(): void };
beforeAll(async () => {
  system = await startNotesSystem();
  const agent = await connectAgent({
    serverUrl: system.serverUrl,
    metadataUrl: system.host.serve('/agents/conformance.json'),
    browser: await system.browserOf('user'),
  });
  await agent.close();
  front = await startTokenProxy(system.gateway.origin, agent.tokens()?.access_token ?? '');
});
afterAll(async () => {
  front.close();
  await system.close();
});

it.each(scenarios)('the conformance suite of MCP is content with %s behind the gateway', async (scenario) => {
  const { code, output } = await runSuite(['server', '--url', `${front.url}/mcp`, '--scenario', scenario]);
  if (code !== 0) throw new Error(output);
  expect(output).toContain('Passed');
});

it('every request of the suite without a token is refused', async () => {
  const { code } = await runSuite(['server', '--url', system.serverUrl, '--scenario', 'tools-list']);
  expect(code).not.toBe(0);
});

function runSuite(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const cli = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/dist/index.js');
  const { promise, resolve } = Promise.withResolvers<{ readonly code: number; readonly output: string }>();
  execFile(process.execPath, [cli, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
    resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
  });
  return promise;
}

/** The suite sends no token. Its other headers, Host and Origin among them, pass as they are unless they name this proxy. */
async function startTokenProxy(origin: string, token: string): Promise<{ readonly url: string; close(): void }> {
  const { host, hostname, port } = new URL(origin);
  const server = createServer((request, response) => {
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { method, url: path, headers: sent } = request;
    const headers = {
      ...sent,
      ...(sent.host === own ? { host } : {}),
      ...(sent.origin === `http://${own}` ? { origin } : {}),
      authorization: `Bearer ${token}`,
    };
    const upstream = sendRequest({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
