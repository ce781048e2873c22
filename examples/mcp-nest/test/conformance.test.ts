import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createAgent } from '@sallyport/server/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReferenceServer } from './reference-server.test-support.ts';
import { startNotesSystem, type NotesSystem } from './notes-system.test-support.ts';

/**
 * Of the 32 scenarios for servers. The others are one that the reference server here does not serve (`json-schema-2020-12`), and
 * four in which the server asks its client: those hang now and then with the client of the suite, also without a gateway. The
 * official client is asked in their place.
 */
const scenarios = [
  'server-initialize',
  'logging-set-level',
  'ping',
  'completion-complete',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-with-logging',
  'tools-call-error',
  'tools-call-with-progress',
  'server-sse-polling',
  'server-sse-multiple-streams',
  'resources-list',
  'resources-read-text',
  'resources-read-binary',
  'resources-templates-read',
  'resources-subscribe',
  'resources-unsubscribe',
  'prompts-list',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-embedded-resource',
  'prompts-get-with-image',
  'dns-rebinding-protection',
];

let system: NotesSystem;
let reference: Awaited<ReturnType<typeof startReferenceServer>>;
let front: { readonly url: string; close(): void };
let tokens: Readonly<Record<'notes' | 'reference', string>>;
beforeAll(async () => {
  reference = await startReferenceServer();
  system = await startNotesSystem(reference.origin);
  const { origin } = system.gateway;
  const agent = createAgent(origin, system.host.serve('/agents/conformance.json'));
  const browser = await system.browserOf('user');
  const tokenFor = async (path: string) =>
    (await agent.authorize(browser, { resource: origin + path, scope: 'note:read' }))['access_token'] ?? '';
  tokens = { notes: await tokenFor('/mcp'), reference: await tokenFor('/reference/mcp') };
  front = await startTokenProxy(origin, tokens);
});
afterAll(async () => {
  front.close();
  await system.close();
  reference.close();
});

it.each(scenarios)('the conformance suite of MCP is content with %s behind the gateway', async (scenario) => {
  const { code, output } = await runSuite(['server', '--url', `${front.url}/reference/mcp`, '--scenario', scenario]);
  if (code !== 0) throw new Error(output);
  expect(output).not.toContain('FAILURE');
});

it('every question of a server to its client passes, and so does the answer', async () => {
  const client = new Client({ name: 'robot', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { username: 'ada', email: 'ada@example.com' },
  }));
  const headers = { authorization: `Bearer ${tokens.reference}` };
  const url = new URL(`${system.gateway.origin}/reference/mcp`);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  for (let call = 0; call < 20; call++) {
    const { content } = await client.callTool({ name: 'test_elicitation', arguments: { message: String(call) } });
    expect(JSON.stringify(content)).toContain('action=accept');
  }
  await client.close();
});

it.each(['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'])(
  'the conformance suite of MCP is content with %s of the server of notes behind the gateway',
  async (scenario) => {
    const { code, output } = await runSuite(['server', '--url', `${front.url}/mcp`, '--scenario', scenario]);
    if (code !== 0) throw new Error(output);
    expect(output).toContain('Passed');
  },
);

it('every request of the suite without a token is refused', async () => {
  const { code } = await runSuite(['server', '--url', system.serverUrl, '--scenario', 'tools-list']);
  expect(code).not.toBe(0);
});

function runSuite(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const cli = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/dist/index.js');
  const { promise, resolve } = Promise.withResolvers<{ readonly code: number; readonly output: string }>();
  execFile(process.execPath, [cli, ...args], { timeout: 120_000, cwd: tmpdir() }, (error, stdout, stderr) => {
    resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
  });
  return promise;
}

/** The suite sends no token. Its other headers, Host and Origin among them, pass as they are unless they name this proxy. */
async function startTokenProxy(
  origin: string,
  { notes, reference: other }: typeof tokens,
): Promise<{ readonly url: string; close(): void }> {
  const { host, hostname, port } = new URL(origin);
  const server = createServer((request, response) => {
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { method, url: path, headers: sent } = request;
    const headers = {
      ...sent,
      ...(sent.host === own ? { host } : {}),
      ...(sent.origin === `http://${own}` ? { origin } : {}),
      authorization: `Bearer ${path?.startsWith('/reference') === true ? other : notes}`,
    };
    const upstream = sendRequest({ hostname, port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
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
