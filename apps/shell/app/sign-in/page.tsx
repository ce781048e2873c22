import { auth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { AuthScreen } from '../auth-screen.tsx';
import { searchText } from '../search-text.ts';
import { AlreadySignedIn } from './already-signed-in.tsx';
import { SignInForm } from './sign-in-form.tsx';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: PageProps<'/sign-in'>) {
  const caller = await auth();
  if (caller.status === 'signed-in') return <AlreadySignedIn name={caller.name} />;
  const returnTo = searchText((await searchParams)['returnTo']);
  return (
    <AuthScreen
      title="Sign in"
      lead={returnTo === undefined ? undefined : 'After that, you go straight on to the page you asked for.'}
    >
      <SignInForm returnTo={returnTo} />
    </AuthScreen>
  );
}
