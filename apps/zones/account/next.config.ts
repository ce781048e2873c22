import { resolve } from 'node:path';
import { withZone } from '@sallyport/nextjs/zone';

export default withZone(
  {},
  { name: 'account', sharedAssets: true, repositoryRoot: resolve(import.meta.dirname, '../../..') },
);
