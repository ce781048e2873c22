import { buttonClass } from '@sallyport/ui/button';
import type { Metadata } from 'next';
import { MessagePage } from '@sallyport/ui/message-page';

export const metadata: Metadata = { title: 'Not allowed' };

export default function Forbidden() {
  return (
    <MessagePage status="403" title="You may not open this page.">
      <p>We know who you are, but your roles do not include it. Ask an administrator if they should.</p>
      <a href="/" className={buttonClass({ tone: 'primary', size: 'large' })}>
        Go home
      </a>
    </MessagePage>
  );
}
