'use client';

import { Button } from './button.tsx';
import { MessagePage } from './message-page.tsx';

/** When not even the frame of the page could be made, for instance because the gateway's keys cannot be read. */
export function OutOfOrder() {
  return (
    <MessagePage status="Out of order" title="We cannot check who you are right now.">
      <p>That is our fault, and it passes. You are not signed out, and nothing was lost.</p>
      <Button tone="primary" size="large" onClick={() => location.reload()}>
        Load the page again
      </Button>
    </MessagePage>
  );
}
