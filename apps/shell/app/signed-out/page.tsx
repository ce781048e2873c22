import { signInUrl } from '@sallyport/nextjs/server';
import { buttonClass } from '@sallyport/ui/button';
import type { Metadata } from 'next';
import { AuthScreen } from '../auth-screen.tsx';
import { searchText } from '../search-text.ts';

export const metadata: Metadata = { title: 'Signed out' };

export default async function SignedOutPage({ searchParams }: PageProps<'/signed-out'>) {
  const { reason, returnTo } = await searchParams;
  const { title, text } = messages[searchText(reason) ?? ''] ?? plain;
  return (
    <AuthScreen title={title} lead={text} isOpen={false}>
      <div className="flex flex-wrap gap-3">
        <a href={signInUrl(searchText(returnTo))} className={buttonClass({ tone: 'primary', size: 'large' })}>
          Sign in again
        </a>
        <a href="/" className={buttonClass({ size: 'large' })}>
          Home
        </a>
      </div>
    </AuthScreen>
  );
}

interface Message {
  readonly title: string;
  readonly text: string;
}

const plain: Message = {
  title: 'You are signed out',
  text: 'In this browser, in every tab. Other devices stay signed in.',
};

/** By the reason in the address; one that we do not know gets the plain words. */
const messages: Readonly<Record<string, Message>> = {
  everywhere: {
    title: 'You are signed out everywhere',
    text: 'Every browser and every device has to sign in again, this one too.',
  },
  ended: {
    title: 'Your session has ended',
    text: 'It expired, or it was ended: by you on another device, by a new password, or by an administrator.',
  },
};
