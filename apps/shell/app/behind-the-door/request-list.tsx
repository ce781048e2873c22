import { classNames } from '@sallyport/ui/class-names';
import { formatMilliseconds, type DoorRequest } from './door-request.ts';

interface RequestListProps {
  readonly requests: readonly DoorRequest[];
  readonly chosenId: string | undefined;
  readonly onChoose: (requestId: string) => void;
}

/** Height of a line in CSS pixels: two lines of text. */
const lineHeight = 62;

/**
 * Newest first; each line chooses what the detail shows. Lines are moved into their places, not laid out: what arrives on
 * top shifts no layout.
 */
export function RequestList({ requests, chosenId, onChoose }: RequestListProps) {
  return (
    <ul className="relative h-[24rem] overflow-y-auto rounded-card border border-line bg-surface lg:h-[calc(100dvh-21rem)]">
      {requests.length === 0 ? <li className="p-4 text-[0.9375rem] text-ink-soft">No request is like that.</li> : null}
      {requests.map((request, index) => {
        const { requestId, method, path, route, status, totalMilliseconds, at } = request;
        const isChosen = requestId === chosenId;
        return (
          <li
            key={requestId}
            className="absolute inset-x-0 top-0"
            style={{ height: lineHeight, transform: `translateY(${index * lineHeight}px)` }}
          >
            <button
              type="button"
              aria-current={isChosen ? 'true' : undefined}
              onClick={() => onChoose(requestId)}
              className={classNames(
                'grid size-full grid-cols-[1fr_auto] content-center gap-x-3 gap-y-0.5 border-b border-line px-4 text-left focus-visible:-outline-offset-2',
                isChosen ? 'bg-outer-tint' : 'hover:bg-sunken',
              )}
            >
              <span className="truncate font-mono text-[0.8125rem]">
                <span className="font-semibold">{method}</span> {path}
              </span>
              <span
                className={classNames(
                  'text-right font-mono text-[0.8125rem] font-semibold tabular-nums',
                  status >= 400 ? 'text-danger' : 'text-outer',
                )}
              >
                {status}
              </span>
              <span className="truncate text-[0.8125rem] text-ink-soft">
                {route} · <time dateTime={at}>{timeOfDay(at)}</time>
              </span>
              <span className="text-right text-[0.8125rem] text-ink-soft tabular-nums">
                {formatMilliseconds(totalMilliseconds)}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString('en', { hour12: false });
}
