import { classNames } from '@sallyport/ui/class-names';
import { formatMilliseconds, type DoorRequest } from './door-request.ts';

interface RequestListProps {
  readonly requests: readonly DoorRequest[];
  readonly chosenId: string | undefined;
  readonly onChoose: (requestId: string) => void;
}

/** Newest first; each line chooses what the detail shows. */
export function RequestList({ requests, chosenId, onChoose }: RequestListProps) {
  return (
    <ul className="max-h-[24rem] divide-y divide-line overflow-y-auto rounded-card border border-line bg-surface lg:max-h-[calc(100dvh-12rem)]">
      {requests.map((request) => {
        const { requestId, method, path, route, status, totalMilliseconds, at } = request;
        const isChosen = requestId === chosenId;
        return (
          <li key={requestId}>
            <button
              type="button"
              aria-current={isChosen ? 'true' : undefined}
              onClick={() => onChoose(requestId)}
              className={classNames(
                'grid w-full grid-cols-[1fr_auto] gap-x-3 gap-y-0.5 px-4 py-2.5 text-left focus-visible:-outline-offset-2',
                isChosen ? 'bg-outer-tint' : 'hover:bg-sunken',
              )}
            >
              <span className="truncate font-mono text-[0.8125rem]">
                <span className="font-semibold">{method}</span> {path}
              </span>
              <span
                className={classNames(
                  'font-mono text-[0.8125rem] font-semibold tabular-nums',
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
