'use client';

import { Button } from '@sallyport/app-ui/button';
import { sans } from './font.ts';
import './globals.css';
import { MessagePage } from '@sallyport/app-ui/message-page';

/** When not even the frame of the page could be made, for instance because the door's keys cannot be read. */
export default function GlobalError() {
  return (
    <html lang="en" className={sans.variable}>
      <body>
        <title>Out of order · Sallyport</title>
        <main>
          <MessagePage status="Out of order" title="We cannot check who you are right now.">
            <p>That is our fault, and it passes. You are not signed out, and nothing was lost.</p>
            <Button tone="primary" size="large" onClick={() => location.reload()}>
              Load the page again
            </Button>
          </MessagePage>
        </main>
      </body>
    </html>
  );
}
