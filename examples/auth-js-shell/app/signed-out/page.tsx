import { MessagePage } from '@sallyport/ui/message-page';
import { buttonClass } from '@sallyport/ui/button';
import type { Metadata } from 'next';

export const metadata: Metadata = { title: 'Signed out' };

export default function SignedOutPage() {
  return (
    <MessagePage status="Signed out" title="You are signed out">
      <p>Your session ended here, at the provider and in every zone.</p>
      <p>
        <a href="/auth/sign-in" className={buttonClass({ tone: 'primary' })}>
          Sign in again
        </a>
      </p>
    </MessagePage>
  );
}
