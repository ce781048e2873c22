import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AccountNavigation } from '../account-navigation.tsx';
import { Security } from './security.tsx';

export const metadata: Metadata = { title: 'Security' };

export default async function SecurityPage() {
  await requireAuth();
  return (
    <div className="page-width max-w-4xl! space-y-10 py-10 lg:py-14">
      <PageHeading title="Security">Extra protection for your account.</PageHeading>
      <AccountNavigation />
      <Security />
    </div>
  );
}
