import { ClaimsTable } from './claims-table.tsx';
import { formatMilliseconds, type DoorRequest } from './door-request.ts';
import { RequestFacts } from './request-facts.tsx';
import { StageTimeline } from './stage-timeline.tsx';

/** Everything that the door noted of one request. */
export function RequestDetail({ request }: { readonly request: DoorRequest }) {
  const { method, path, stages, upstreamMilliseconds, claims, requestId } = request;
  return (
    <article aria-labelledby="chosen" className="min-w-0 space-y-10">
      <header className="space-y-2">
        <h2 id="chosen" className="font-mono text-xl font-semibold break-all">
          {method} {path}
        </h2>
        <p className="text-lg text-ink-soft">{verdict(request)}</p>
        <p className="text-sm text-ink-soft">
          Request id{' '}
          <a href={`?request=${requestId}`} className="font-mono break-all text-link">
            {requestId}
          </a>
        </p>
      </header>
      <StageTimeline stages={stages} upstreamMilliseconds={upstreamMilliseconds} />
      <RequestFacts request={request} />
      <ClaimsTable claims={claims} />
    </article>
  );
}

function verdict({ decision, route, reason, stages, upstreamMilliseconds, status }: DoorRequest): string {
  const own = formatMilliseconds(stages.reduce((sum, { microseconds }) => sum + microseconds, 0) / 1000);
  const because = reason === undefined ? '' : ` Reason: ${reason}.`;
  if (decision === 'refuse') return `Refused with ${status} after ${own}.${because}`;
  if (decision === 'redirect') return `Sent elsewhere after ${own}.${because}`;
  if (decision === 'mount') return `Decided in ${own}, and answered by the door itself (${route}).${because}`;
  const took =
    upstreamMilliseconds === undefined
      ? ''
      : `, which began to answer after ${formatMilliseconds(upstreamMilliseconds)}`;
  return `Decided in ${own}, then passed on to “${route}”${took}.${because}`;
}
