import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AccountNavigation } from '../account-navigation.tsx';
import { AppsWithAccess } from './apps-with-access.tsx';
import { ConnectedAccounts } from './connected-accounts.tsx';

export const metadata: Metadata = { title: 'Connected accounts' };

export default async function ConnectedAccountsPage() {
  await requireAuth();
  return (
    <div className="page-width max-w-4xl! space-y-10 py-10 lg:py-14">
      <PageHeading title="Connected accounts">Sign in with an account that you have elsewhere.</PageHeading>
      <AccountNavigation />
      <ConnectedAccounts />
      <AppsWithAccess />
    </div>
  );
}
