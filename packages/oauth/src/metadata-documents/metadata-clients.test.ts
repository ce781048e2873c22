import type { ProtectedResource } from '@sallyport/core';
import { expect, it } from 'vitest';
import type { DocumentOutcome } from '../outbound/get-document.ts';
import { createMetadataClients } from './metadata-clients.ts';

const visitor = '203.0.113.7';
const resource: ProtectedResource = {
  route: 'tools',
  resource: 'https://app.example/mcp',
  metadataPath: '/.well-known/oauth-protected-resource/mcp',
  metadataUrl: 'https://app.example/.well-known/oauth-protected-resource/mcp',
  scopes: ['note:read'],
  firstScopes: ['note:read'],
};

function documentOf(id: string, change: object = {}): DocumentOutcome {
  const text = JSON.stringify({ client_id: id, redirect_uris: ['http://localhost/callback'], ...change });
  return { kind: 'document', text, maxAgeSeconds: undefined };
}

function start(answer: (address: string) => DocumentOutcome | Promise<DocumentOutcome> = documentOf) {
  const asked: string[] = [];
  const clock = { at: Date.UTC(2030, 0, 1) };
  const clients = createMetadataClients({
    hosts: ['agent.example'],
    resources: () => [resource],
    getDocument: async (address) => {
      asked.push(address);
      return answer(address);
    },
    now: () => new Date(clock.at),
  });
  return { clients, asked, clock };
}

const id = 'https://agent.example/client.json';

it('a client by metadata document is an agent of others, for MCP servers and what these open alone', async () => {
  const { clients } = start();
  expect(await clients.resolve(id, visitor)).toMatchObject({
    id,
    name: 'agent.example',
    trust: 'third-party',
    kind: 'agent',
    authentication: 'none',
    scopes: ['openid', 'offline_access', 'note:read'],
    resources: ['https://app.example/mcp'],
    document: { host: 'agent.example' },
  });
});

it('what judges tokens knows such a client without a question to its host', () => {
  const { clients, asked } = start();
  expect(clients.known(id)).toMatchObject({ id, kind: 'agent' });
  expect(asked).toEqual([]);
});

it.each([
  'https://evil.example/client.json',
  'https://x.agent.example/client.json',
  'https://agent.example:8443/client.json',
  'http://agent.example/client.json',
  'client_01234567890123456789',
])('%s is no such client, and nothing is fetched', async (other) => {
  const { clients, asked } = start();
  expect([clients.known(other), await clients.resolve(other, visitor)]).toEqual([null, null]);
  expect(asked).toEqual([]);
});

it('a document is read once for all who ask at the same time, and again when it is minutes old', async () => {
  const { clients, asked, clock } = start();
  await Promise.all(Array.from({ length: 20 }, () => clients.resolve(id, visitor)));
  await clients.resolve(id, visitor);
  expect(asked).toHaveLength(1);
  clock.at += 301_000;
  await clients.resolve(id, visitor);
  expect(asked).toHaveLength(2);
});

it.each([
  { name: 'that must not be kept', maxAgeSeconds: 0, seconds: 6 },
  { name: 'that may be kept for a year', maxAgeSeconds: 31_536_000, seconds: 3601 },
])('a document $name is asked for after $seconds s', async ({ maxAgeSeconds, seconds }) => {
  const { clients, asked, clock } = start((address) => ({ ...documentOf(address), maxAgeSeconds }) as DocumentOutcome);
  await clients.resolve(id, visitor);
  clock.at += (seconds - 2) * 1000;
  await clients.resolve(id, visitor);
  expect(asked).toHaveLength(1);
  clock.at += 2000;
  await clients.resolve(id, visitor);
  expect(asked).toHaveLength(2);
});

it('a document that changed is another client from then on, and one that became useless none', async () => {
  let change: object = {};
  const { clients, clock } = start((address) => documentOf(address, change));
  await clients.resolve(id, visitor);
  change = { redirect_uris: ['http://127.0.0.1/other'] };
  clock.at += 301_000;
  expect(await clients.resolve(id, visitor)).toMatchObject({ redirectUris: ['http://127.0.0.1/other'] });
  change = { client_secret: 'x' };
  clock.at += 301_000;
  await expect(clients.resolve(id, visitor)).rejects.toThrow(/holds "client_secret"/);
});

it('an outage of the host is 503, and is remembered by none', async () => {
  let isDown = true;
  const { clients } = start((address) => (isDown ? { kind: 'unreachable', reason: 'timeout' } : documentOf(address)));
  await expect(clients.resolve(id, visitor)).rejects.toMatchObject({
    code: 'SP_SERVICE_UNAVAILABLE',
    reason: 'client-document-timeout',
  });
  isDown = false;
  expect(await clients.resolve(id, visitor)).toMatchObject({ id });
});

it('an unusable answer is remembered for some seconds alone', async () => {
  let isThere = false;
  const { clients, asked, clock } = start((address) =>
    isThere ? documentOf(address) : { kind: 'unusable', reason: 'redirect' },
  );
  await expect(clients.resolve(id, visitor)).rejects.toThrow(/redirects, which is not followed/);
  isThere = true;
  await expect(clients.resolve(id, visitor)).rejects.toThrow();
  expect(asked).toHaveLength(1);
  clock.at += 5001;
  expect(await clients.resolve(id, visitor)).toMatchObject({ id });
});

it('one network has thirty documents read in a minute, and another one goes on meanwhile', async () => {
  const { clients, asked } = start();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, async (_, index) => clients.resolve(`https://agent.example/${index}.json`, visitor)),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  // Eight are under way at once.
  expect([asked.length, refused.length]).toEqual([8, 32]);
  for (let index = 0; index < 40; index++)
    await clients.resolve(`https://agent.example/again-${index}.json`, visitor).catch(() => undefined);
  expect(asked).toHaveLength(30);
  expect(await clients.resolve(id, '198.51.100.9')).toMatchObject({ id });
});
