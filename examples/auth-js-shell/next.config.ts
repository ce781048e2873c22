import { resolve } from 'node:path';
import { withZone } from '@sallyport/nextjs/zone';

/** The shell serves its own pages at the root; zones and services are the gateway's. */
export default withZone(
  {},
  { name: 'auth-js-shell', mount: '/', repositoryRoot: resolve(import.meta.dirname, '../..') },
);
