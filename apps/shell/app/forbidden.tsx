import { buttonClass } from '@sallyport/ui/button';
import type { Metadata } from 'next';
import { MessagePage } from '@sallyport/ui/message-page';

export const metadata: Metadata = { title: 'No access' };

export default function Forbidden() {
  return (
    <MessagePage status="403" title="You don’t have access to this page">
      <p>You are signed in, but your account does not have access. An administrator can change that.</p>
      <a href="/" className={buttonClass({ tone: 'primary', size: 'large' })}>
        Go to the home page
      </a>
    </MessagePage>
  );
}
