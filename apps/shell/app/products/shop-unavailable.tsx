'use client';

import { useRouter } from 'next/navigation';
import { useTransition } from 'react';
import { Button } from '@sallyport/ui/button';
import { RequestLink } from '../behind-the-door/request-link.tsx';

interface ShopUnavailableProps {
  readonly title: string;
  readonly requestId: string | undefined;
}

/** Instead of the list, while the service behind it is away. */
export function ShopUnavailable({ title, requestId }: ShopUnavailableProps) {
  const router = useRouter();
  const [isPending, startTransition] = useTransition();
  return (
    <div className="space-y-4 rounded-card border border-dashed border-line-strong p-8">
      <h2 className="text-xl font-semibold tracking-[-0.02em]">The shop is closed for a moment</h2>
      <p className="text-ink-soft">
        {title}. You are still signed in, and nothing is lost; only this list has to wait.
      </p>
      <Button tone="primary" isPending={isPending} onClick={() => startTransition(() => router.refresh())}>
        Try again
      </Button>
      {requestId === undefined ? null : (
        <p className="text-sm text-ink-soft">
          Request id: <RequestLink requestId={requestId} />
        </p>
      )}
    </div>
  );
}
