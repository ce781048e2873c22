import { Button } from '@sallyport/ui/button';
import { factorWords } from '@sallyport/ui/factor-words';
import type { FactorMethod, OwnFactor } from '@sallyport/nextjs/client';
import { RelativeTime } from '@sallyport/ui/relative-time';
import type { ReactNode } from 'react';

interface FactorRowProps {
  readonly method: FactorMethod;
  /** Absent when it is not set up. */
  readonly factor: OwnFactor | undefined;
  /** Whether it can be set up. */
  readonly isOffered: boolean;
  readonly isSettingUp: boolean;
  readonly onSetUp: () => void;
  readonly onRemove: () => void;
  /** The steps of setting it up. */
  readonly children: ReactNode;
}

/** One kind of second factor: whether it is on, and what can be done about it. */
export function FactorRow(props: FactorRowProps) {
  const { method, factor, isOffered, isSettingUp, onSetUp, onRemove, children } = props;
  const { icon: Icon, name, about } = factorWords[method];
  return (
    <li className="space-y-5 p-5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <span className="grid size-11 shrink-0 place-items-center rounded-full bg-sunken text-ink-soft">
          <Icon aria-hidden="true" className="size-5" />
        </span>
        <div className="min-w-0 flex-1 basis-56">
          <h3 className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-semibold">
            {name}
            {factor === undefined ? null : (
              <span className="rounded-full bg-outer-tint px-2.5 py-0.5 text-[0.8125rem] font-medium text-outer">
                {factor.enabled ? 'On' : 'Not available right now'}
              </span>
            )}
          </h3>
          <p className="text-[0.9375rem] text-ink-soft">{about}</p>
          {factor === undefined ? null : (
            <p className="text-sm text-ink-soft">
              {factor.destination === undefined ? null : `${factor.destination} · `}
              Set up <RelativeTime iso={factor.addedAt} />
            </p>
          )}
        </div>
        {isSettingUp ? null : (
          <div className="flex flex-wrap gap-2">
            {isOffered ? (
              <Button size="small" onClick={onSetUp}>
                {factor === undefined ? 'Set up' : 'Replace'}
                <span className="sr-only"> {name}</span>
              </Button>
            ) : null}
            {factor === undefined ? null : (
              <Button size="small" tone="quiet" onClick={onRemove}>
                Remove<span className="sr-only"> {name}</span>
              </Button>
            )}
          </div>
        )}
      </div>
      {isSettingUp ? <div className="rounded-control border border-line bg-sunken/50 p-5">{children}</div> : null}
    </li>
  );
}
