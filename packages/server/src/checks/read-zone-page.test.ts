import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { readZonePage } from './read-zone-page.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Begins a document, and never ends it. */
async function startEndless(text: string): Promise<string> {
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.write(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on a port.
}

it('a page that stops before its first script is no answer, and not an application of another kind', async () => {
  expect(await readZonePage(await startEndless('<html><head>'), '/', 300)).toBe('no-answer');
});

it('a page that streams for longer than it is waited for is judged by what came', async () => {
  const target = await startEndless('<html><head><script src="/_next/static/a.js"></script>');
  expect(await readZonePage(target, '/', 300)).toMatchObject({ script: '/_next/static/a.js' });
});
