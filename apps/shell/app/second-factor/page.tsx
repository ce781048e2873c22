import type { Metadata } from 'next';
import { AuthScreen } from '../auth-screen.tsx';
import { demoMode } from '../demo-mode.ts';
import { searchText } from '../search-text.ts';
import { SecondFactor } from './second-factor.tsx';

export const metadata: Metadata = { title: 'Second step' };

export default async function SecondFactorPage({ searchParams }: PageProps<'/second-factor'>) {
  const returnTo = searchText((await searchParams)['returnTo']);
  return (
    <AuthScreen title="One more step" lead="Your password was right. Your account is protected by a second factor.">
      <SecondFactor returnTo={returnTo} mailboxUrl={demoMode()?.mailboxUrl} />
    </AuthScreen>
  );
}
