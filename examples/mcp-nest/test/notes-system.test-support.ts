import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  createOAuthBrowser,
  createTestPreset,
  startDocumentHost,
  startTestGateway,
  type DocumentHost,
  type OAuthBrowser,
  type TestGateway,
} from '@sallyport/server/test-support';
import { createNotes } from '../src/create-notes.ts';
import { policy } from '../src/policy.ts';

/** A real gateway with the server of notes behind it, a host of metadata documents, and a browser of each role. */
export interface NotesSystem {
  readonly gateway: TestGateway;
  readonly host: DocumentHost;
  readonly serverUrl: string;
  browserOf(role: 'user' | 'vendor'): Promise<OAuthBrowser>;
  close(): Promise<void>;
}

/**
 * Starts it. Users may do everything with their notes, vendors read them.
 *
 * @param reference origin of another MCP server, which is at `/reference/mcp`.
 */
export async function startNotesSystem(reference?: string): Promise<NotesSystem> {
  const host = await startDocumentHost();
  const port = await freePort();
  const gateway = await startTestGateway({
    config: {
      policy: {
        permissions: policy.permissions,
        roles: { user: [...policy.roles.user], vendor: [...policy.roles.reader], admin: [] },
      },
      oauthProvider: {
        clientsByMetadata: { hosts: [host.host] },
        privateHosts: [host.host],
        requests: [],
        authorizations: [],
      },
      routes: [
        {
          name: 'notes',
          prefix: '/mcp',
          upstream: `http://127.0.0.1:${port}`,
          audience: 'notes',
          access: { permissions: ['note:read'] },
          permissions: ['note:*'],
          credentials: ['bearer'],
          mcp: { name: 'Notes' },
        },
        ...(reference === undefined
          ? []
          : [
              {
                name: 'reference',
                prefix: '/reference/mcp',
                upstream: reference,
                audience: 'reference',
                access: 'signed-in' as const,
                permissions: ['note:read'],
                credentials: ['bearer' as const],
                mcp: true as const,
              },
            ]),
      ],
    },
    gateway: { preset: createTestPreset() },
  });
  const app = await createNotes({
    issuer: `${gateway.origin}/internal`,
    audience: 'notes',
    keysUrl: `http://127.0.0.1:${gateway.gateway.internalPort}/internal/.well-known/jwks.json`,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  await app.listen(port, '127.0.0.1');
  return {
    gateway,
    host,
    serverUrl: `${gateway.origin}/mcp`,
    async browserOf(role) {
      const browser = createOAuthBrowser(gateway.origin);
      browser.setCookie(await gateway.signIn(role));
      return browser;
    },
    async close() {
      await app.close();
      await gateway.close();
      host.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
