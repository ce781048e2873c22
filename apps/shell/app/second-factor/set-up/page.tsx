import type { Metadata } from 'next';
import { AuthScreen } from '../../auth-screen.tsx';
import { searchText } from '../../search-text.ts';
import { SetUp } from './set-up.tsx';

export const metadata: Metadata = { title: 'Set up a second factor' };

export default async function SetUpPage({ searchParams }: PageProps<'/second-factor/set-up'>) {
  const returnTo = searchText((await searchParams)['returnTo']);
  return (
    <AuthScreen
      title="Set up a second factor"
      lead="What you may do here needs more than a password. Set up a second factor, and you are signed in."
    >
      <SetUp returnTo={returnTo} />
    </AuthScreen>
  );
}
