import { resolve } from 'node:path';
import { withZone } from '@sallyport/nextjs/zone';

export default withZone(
  {},
  { name: 'shell', mount: '/', sharedAssets: true, repositoryRoot: resolve(import.meta.dirname, '../..') },
);
