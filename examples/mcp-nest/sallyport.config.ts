import { defineConfig } from '@sallyport/server';
import { policy } from './src/policy.ts';

/** A gateway in front of the MCP server. Agents of the listed hosts need no registration. */
export default defineConfig({
  publicUrl: 'http://localhost:3000',
  internal: { port: 9400 },
  policy,
  mailbox: { port: 8025 },
  oauthProvider: { clientsByMetadata: { hosts: ['claude.ai', 'vscode.dev'] } },
  routes: [
    {
      name: 'notes',
      prefix: '/mcp',
      upstream: 'http://127.0.0.1:4010',
      audience: 'notes',
      access: { permissions: ['note:read'] },
      permissions: ['note:*'],
      credentials: ['bearer'],
      mcp: { name: 'Notes' },
    },
  ],
});
