import { resolve } from 'node:path';
import { withZone } from '@sallyport/nextjs/zone';

export default withZone({}, { name: 'account', repositoryRoot: resolve(import.meta.dirname, '../../..') });
