import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AccountNavigation } from '../account-navigation.tsx';
import { Organizations } from './organizations.tsx';

export const metadata: Metadata = { title: 'Organizations' };

export default async function OrganizationsPage() {
  await requireAuth();
  return (
    <div className="page-width max-w-4xl! space-y-10 py-10 lg:py-14">
      <PageHeading title="Organizations">
        Those that you belong to. What you do belongs to the one that is active, in every open tab.
      </PageHeading>
      <AccountNavigation />
      <Organizations />
      <noscript>
        <a href="/auth/my/organizations" className="text-link">
          Your organizations, without JavaScript
        </a>
      </noscript>
    </div>
  );
}
