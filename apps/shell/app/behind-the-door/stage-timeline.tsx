import { formatMilliseconds } from './door-request.ts';
import { explanationOf } from './stage-explanations.ts';

interface StageTimelineProps {
  readonly stages: readonly { readonly name: string; readonly microseconds: number }[];
  readonly upstreamMilliseconds: number | undefined;
}

interface Span {
  readonly name: string;
  readonly microseconds: number;
  readonly start: number;
}

/** The stages on one time scale, each where the one before it ended. The service is far slower, so it has a line of its own. */
export function StageTimeline({ stages, upstreamMilliseconds }: StageTimelineProps) {
  const spans = toSpans(stages);
  const total = spans.reduce((sum, { microseconds }) => sum + microseconds, 0);
  return (
    <section aria-labelledby="stages" className="space-y-4">
      <h3 id="stages" className="text-lg font-semibold">
        Stage by stage
      </h3>
      <ol className="divide-y divide-line border-y border-line">
        {spans.map((span) => (
          <li key={span.name} className="grid gap-x-5 gap-y-1.5 py-3 sm:grid-cols-[7rem_1fr_5.5rem] sm:items-center">
            <p className="flex justify-between font-medium">
              {capitalised(span.name)}
              <Duration microseconds={span.microseconds} className="sm:hidden" />
            </p>
            <div className="space-y-1.5">
              <Bar span={span} total={total} />
              <p className="text-sm text-ink-soft">{explanationOf(span.name)}</p>
            </div>
            <Duration microseconds={span.microseconds} className="max-sm:hidden" />
          </li>
        ))}
        {upstreamMilliseconds === undefined ? null : (
          <li className="grid gap-x-5 gap-y-1.5 py-3 sm:grid-cols-[7rem_1fr_5.5rem] sm:items-center">
            <p className="font-medium">The service</p>
            <div className="space-y-1.5">
              <span aria-hidden="true" className="block h-2 rounded-full bg-inner-solid" />
              <p className="text-sm text-ink-soft">Past the inner door. Not on the scale above.</p>
            </div>
            <p className="text-right font-mono text-sm tabular-nums">{formatMilliseconds(upstreamMilliseconds)}</p>
          </li>
        )}
      </ol>
    </section>
  );
}

function Bar({ span, total }: { readonly span: Span; readonly total: number }) {
  const scale = total === 0 ? 0 : 100 / total;
  return (
    <svg aria-hidden="true" viewBox="0 0 100 2" preserveAspectRatio="none" className="h-2 w-full">
      <rect width="100" height="2" rx="1" className="fill-sunken" />
      <rect x={span.start * scale} width={Math.max(0.6, span.microseconds * scale)} height="2" className="fill-outer" />
    </svg>
  );
}

function Duration({ microseconds, className }: { readonly microseconds: number; readonly className: string }) {
  return (
    <span className={`text-right font-mono text-sm tabular-nums ${className}`}>
      {microseconds.toLocaleString('en')} µs
    </span>
  );
}

function toSpans(stages: StageTimelineProps['stages']): readonly Span[] {
  let start = 0;
  return stages.map((stage) => {
    const span = { ...stage, start };
    start += stage.microseconds;
    return span;
  });
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
