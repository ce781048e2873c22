'use client';

import { Button } from './button.tsx';
import { MessagePage } from './message-page.tsx';

/** When not even the frame of the page could be made, for instance because the gateway's keys cannot be read. */
export function OutOfOrder() {
  return (
    <MessagePage status="503" title="We can’t check your sign-in right now">
      <p>Something on our side does not answer. You are still signed in, and nothing was lost.</p>
      <Button tone="primary" size="large" onClick={() => location.reload()}>
        Try again
      </Button>
    </MessagePage>
  );
}
