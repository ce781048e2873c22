import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AccountNavigation } from '../account-navigation.tsx';
import { ApiKeys } from './api-keys.tsx';

export const metadata: Metadata = { title: 'API keys' };

export default async function ApiKeysPage() {
  await requireAuth();
  return (
    <div className="page-width max-w-4xl! space-y-10 py-10 lg:py-14">
      <PageHeading title="API keys">Let programs act for you, within what you choose.</PageHeading>
      <AccountNavigation />
      <ApiKeys />
    </div>
  );
}
