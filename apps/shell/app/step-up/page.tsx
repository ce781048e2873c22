import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AuthScreen } from '../auth-screen.tsx';
import { demoMode } from '../demo-mode.ts';
import { searchText } from '../search-text.ts';
import { StepUp } from './step-up.tsx';

export const metadata: Metadata = { title: 'Confirm that it is you' };

export default async function StepUpPage({ searchParams }: PageProps<'/step-up'>) {
  const { returnTo, acr_values: acr } = await searchParams;
  const caller = await requireAuth();
  return (
    <AuthScreen
      title="Confirm that it is you"
      lead={`You are signed in${caller.name === undefined ? '' : ` as ${caller.name}`}. What comes next is worth a second look.`}
    >
      <StepUp returnTo={searchText(returnTo)} acr={searchText(acr)} mailboxUrl={demoMode()?.mailboxUrl} />
    </AuthScreen>
  );
}
