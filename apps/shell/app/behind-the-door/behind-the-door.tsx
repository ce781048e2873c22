'use client';

import { Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { RequestDetail } from './request-detail.tsx';
import { RequestList } from './request-list.tsx';
import { useDoorRequests } from './use-door-requests.ts';

/** The list of requests on one side, the chosen one on the other. Follows the newest until the user chooses one. */
export function BehindTheDoor() {
  const [isPaused, setPaused] = useState(false);
  const [chosenId, choose] = useState<string>();
  const state = useDoorRequests(isPaused);

  if (state.kind === 'loading') return <p className="min-h-96 text-ink-soft">Asking the door…</p>;
  if (state.kind === 'absent') return <NoTraces />;
  const { requests, isStale } = state;
  const chosen = requests.find(({ requestId }) => requestId === chosenId) ?? requests[0];

  return (
    <div className="grid items-start gap-8 lg:grid-cols-[22rem_1fr] lg:gap-10">
      <section aria-labelledby="requests" className="space-y-3 lg:sticky lg:top-24">
        <div className="flex items-center justify-between gap-4">
          <h2 id="requests" className="text-lg font-semibold">
            Requests
          </h2>
          <Button size="small" onClick={() => setPaused(!isPaused)}>
            {isPaused ? (
              <Play aria-hidden="true" className="size-3.5" />
            ) : (
              <Pause aria-hidden="true" className="size-3.5" />
            )}
            {isPaused ? 'Go on' : 'Pause'}
          </Button>
        </div>
        {isStale ? (
          <p className="text-sm text-danger">The door did not answer just now. This is the last it said.</p>
        ) : null}
        <RequestList requests={requests} chosenId={chosen?.requestId} onChoose={choose} />
      </section>
      {chosen === undefined ? (
        <p className="text-ink-soft">Nothing yet. Open the products page, then come back.</p>
      ) : (
        <RequestDetail request={chosen} />
      )}
    </div>
  );
}

function NoTraces() {
  return (
    <div className="max-w-xl space-y-2 rounded-card border border-dashed border-line-strong p-8">
      <h2 className="text-xl font-semibold">This door keeps no traces</h2>
      <p className="text-ink-soft">
        They exist in demo mode only. Start Sallyport without a configuration to see them.
      </p>
    </div>
  );
}
