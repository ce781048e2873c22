import { buttonClass } from '@sallyport/app-ui/button';
import type { Metadata } from 'next';
import { MessagePage } from '@sallyport/app-ui/message-page';

export const metadata: Metadata = { title: 'Not found' };

export default function NotFound() {
  return (
    <MessagePage status="404" title="There is no door here.">
      <p>The address may be mistyped, or the page has moved.</p>
      <a href="/" className={buttonClass({ tone: 'primary', size: 'large' })}>
        Go home
      </a>
    </MessagePage>
  );
}
