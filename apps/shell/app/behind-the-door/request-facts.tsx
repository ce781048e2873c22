import type { ReactNode } from 'react';
import type { DoorRequest } from './door-request.ts';

/** What was already known, and what had to be worked out. */
export function RequestFacts({ request }: { readonly request: DoorRequest }) {
  const { sessionCache, tokenCache, signatures, decision, reason } = request;
  return (
    <section aria-labelledby="facts" className="space-y-4">
      <h3 id="facts" className="text-lg font-semibold">
        What it cost
      </h3>
      <dl className="grid gap-4 sm:grid-cols-2">
        <Fact term="Session cache" value={sessionCache}>
          {sessionCache === 'hit'
            ? 'Still in memory: the store was not asked.'
            : 'Read from the store, then kept in memory.'}
        </Fact>
        <Fact term="Token cache" value={tokenCache}>
          {tokenWords[tokenCache]}
        </Fact>
        <Fact term="Signatures" value={String(signatures)}>
          {signatures === 0
            ? 'Nothing had to be signed for this request.'
            : 'Made for this request, reused for the next ones.'}
        </Fact>
        <Fact term="Decision" value={decision}>
          {reason === undefined ? decisionWords[decision] : `Reason: ${reason}.`}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({
  term,
  value,
  children,
}: {
  readonly term: string;
  readonly value: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="rounded-card border border-line bg-surface p-4">
      <dt className="text-sm text-ink-soft">{term}</dt>
      <dd>
        <span className="block text-xl font-semibold tracking-[-0.02em] first-letter:uppercase">{value}</span>
        <span className="text-[0.9375rem] text-ink-soft">{children}</span>
      </dd>
    </div>
  );
}

const tokenWords: Readonly<Record<DoorRequest['tokenCache'], string>> = {
  hit: 'The one from a moment ago was still good.',
  miss: 'There was none for this service, so it was made.',
  none: 'None was needed.',
};

const decisionWords: Readonly<Record<DoorRequest['decision'], string>> = {
  forward: 'Passed on to the service behind the route.',
  mount: 'Answered inside the door.',
  redirect: 'Sent to another address.',
  refuse: 'Stopped here.',
};
