import { buttonClass } from './button.tsx';
import { MessagePage } from './message-page.tsx';

/** What is shown for an address that leads nowhere. */
export function NotFoundPage() {
  return (
    <MessagePage status="404" title="There is no such page.">
      <p>The address may be mistyped, or the page has moved.</p>
      <a href="/" className={buttonClass({ tone: 'primary', size: 'large' })}>
        Go home
      </a>
    </MessagePage>
  );
}
