import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AccountNavigation } from './account-navigation.tsx';
import { Agents } from './agents.tsx';
import { Profile } from './profile.tsx';
import { Sessions } from './sessions.tsx';

export const metadata: Metadata = { title: 'Account' };

export default async function AccountPage() {
  const caller = await requireAuth();
  return (
    <div className="page-width max-w-4xl! space-y-10 py-10 lg:py-14">
      <PageHeading title="Your account">Your profile and the devices that you are signed in on.</PageHeading>
      <AccountNavigation />
      <Profile person={caller} />
      <Sessions />
      <Agents />
    </div>
  );
}
