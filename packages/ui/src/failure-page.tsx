'use client';

import { Button } from './button.tsx';
import { MessagePage } from './message-page.tsx';

interface FailurePageProps {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}

/** What is shown when a page fails while it is made. */
export function FailurePage({ error, reset }: FailurePageProps) {
  return (
    <MessagePage status="500" title="Something went wrong on our side">
      <p>Please try again. If it happens again, tell us the error number below.</p>
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
