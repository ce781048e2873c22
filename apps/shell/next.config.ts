import { resolve } from 'node:path';
import { withZone } from '@sallyport/nextjs/zone';

/** Pages of mailed links: their address holds a token until their script has taken it out. */
const linkPages = ['/verify-email', '/reset-password'];

export default withZone(
  {
    // The `referrer` in their metadata comes too late for the files that a browser loads before it has read that far.
    headers: () =>
      Promise.resolve(
        linkPages.map((source) => ({ source, headers: [{ key: 'Referrer-Policy', value: 'no-referrer' }] })),
      ),
  },
  { name: 'shell', mount: '/', sharedAssets: true, repositoryRoot: resolve(import.meta.dirname, '../..') },
);
