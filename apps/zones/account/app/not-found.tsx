import type { Metadata } from 'next';

export { NotFoundPage as default } from '@sallyport/ui/not-found-page';

export const metadata: Metadata = { title: 'Not found' };
