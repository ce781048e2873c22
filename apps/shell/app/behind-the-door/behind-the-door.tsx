'use client';

import { Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { Notice } from '@sallyport/ui/notice';
import type { DoorRequest } from './door-request.ts';
import { RequestDetail } from './request-detail.tsx';
import { passesFilter, RequestFilter, type Filter } from './request-filter.tsx';
import { RequestList } from './request-list.tsx';
import { useDoorRequests } from './use-door-requests.ts';

interface BehindTheDoorProps {
  /** The id in the address, where a link leads to one request. */
  readonly linkedId: string | undefined;
}

/**
 * The list of requests on one side, the chosen one on the other. What is shown stays until another one is chosen: what
 * arrives changes the list alone, and moves nothing that is being read.
 */
export function BehindTheDoor({ linkedId }: BehindTheDoorProps) {
  const [isPaused, setPaused] = useState(false);
  const [filter, setFilter] = useState<Filter>({ text: '', kind: 'all' });
  const [chosenId, setChosenId] = useState(linkedId);
  const state = useDoorRequests(isPaused);
  const requests = state.kind === 'loaded' ? state.requests : [];
  const chosen = useKept(requests, chosenId);

  function choose(requestId: string): void {
    setChosenId(requestId);
    history.replaceState(null, '', `?request=${encodeURIComponent(requestId)}`);
  }

  if (state.kind === 'loading') return <p className="min-h-dvh text-ink-soft">Asking the door…</p>;
  if (state.kind === 'absent') return <NoTraces />;
  return (
    <div className="grid min-h-dvh items-start gap-8 lg:grid-cols-[22rem_1fr] lg:gap-10">
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
        <RequestFilter filter={filter} onChange={setFilter} />
        <RequestList
          requests={requests.filter((request) => passesFilter(request, filter))}
          chosenId={chosen?.requestId}
          onChoose={choose}
        />
        <p className="min-h-10 text-sm text-ink-soft">
          {state.isStale ? (
            <span className="text-danger">The door did not answer just now. This is the last it said.</span>
          ) : (
            'What browsers fetch in advance is left out.'
          )}
        </p>
      </section>
      {chosen === undefined ? <NothingChosen isLinked={chosenId !== undefined} /> : <RequestDetail request={chosen} />}
    </div>
  );
}

/** The chosen request, or the first that there was. It is kept when newer ones have pushed it out. */
function useKept(requests: readonly DoorRequest[], chosenId: string | undefined): DoorRequest | undefined {
  const [kept, setKept] = useState<DoorRequest>();
  const wantedId = chosenId ?? kept?.requestId;
  const found = wantedId === undefined ? requests[0] : requests.find(({ requestId }) => requestId === wantedId);
  if (found !== undefined && found.requestId !== kept?.requestId) setKept(found);
  return found ?? (kept?.requestId === wantedId ? kept : undefined);
}

function NothingChosen({ isLinked }: { readonly isLinked: boolean }) {
  if (!isLinked) return <p className="text-ink-soft">Nothing yet. Open the products page, then come back.</p>;
  return (
    <Notice tone="note" title="This request is not in the list">
      <p>Only the last 50 requests of a session are kept, and only that session sees them. Choose another one.</p>
    </Notice>
  );
}

function NoTraces() {
  return (
    <div className="min-h-dvh">
      <div className="max-w-xl space-y-2 rounded-card border border-dashed border-line-strong p-8">
        <h2 className="text-xl font-semibold">This door keeps no traces</h2>
        <p className="text-ink-soft">
          They exist in demo mode only. Start Sallyport without a configuration to see them.
        </p>
      </div>
    </div>
  );
}
