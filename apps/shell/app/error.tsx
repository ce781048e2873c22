'use client';

import { Button } from '@sallyport/app-ui/button';
import { MessagePage } from '@sallyport/app-ui/message-page';

interface ErrorPageProps {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}

export default function ErrorPage({ error, reset }: ErrorPageProps) {
  return (
    <MessagePage status="500" title="Something gave way on our side.">
      <p>You are still signed in and nothing was changed. Try again; if it stays, tell us the number below.</p>
      {error.digest === undefined ? null : (
        <p className="text-base">
          Error number: <code className="font-mono">{error.digest}</code>
        </p>
      )}
      <Button tone="primary" size="large" onClick={reset}>
        Try again
      </Button>
    </MessagePage>
  );
}
