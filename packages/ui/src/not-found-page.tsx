import { buttonClass } from './button.tsx';
import { MessagePage } from './message-page.tsx';

/** What is shown for an address that leads nowhere. */
export function NotFoundPage() {
  return (
    <MessagePage status="404" title="Page not found">
      <p>The page may have moved, or there is a typo in the address.</p>
      <a href="/" className={buttonClass({ tone: 'primary', size: 'large' })}>
        Go to the home page
      </a>
    </MessagePage>
  );
}
