import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { sharedSystem } from './shared-system.ts';

/** Another site, with one page. */
export interface OtherSite {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a page from another origin: over https on another port of the same host, which browsers count as the same
 * site, or over http on another host.
 */
export async function openOtherSite(kind: 'same-site' | 'cross-site', html: string): Promise<OtherSite> {
  const { certFile, keyFile } = sharedSystem.authority;
  const server =
    kind === 'same-site'
      ? createHttpsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) })
      : createHttpServer();
  server.on('request', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: kind === 'same-site' ? `https://localhost:${port}/` : `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
