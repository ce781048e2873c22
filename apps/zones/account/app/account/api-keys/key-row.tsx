import { Button } from '@sallyport/ui/button';
import { RelativeTime } from '@sallyport/ui/relative-time';
import type { ShownApiKey } from '@sallyport/nextjs/client';
import { KeyRound } from 'lucide-react';

interface KeyRowProps {
  readonly apiKey: ShownApiKey;
  readonly isPending: boolean;
  readonly onRotate: () => void;
  readonly onRevoke: () => void;
}

/** One key: what it may do, how old it is, and what can be done about it. */
export function KeyRow({ apiKey, isPending, onRotate, onRevoke }: KeyRowProps) {
  const { name, hint, scopes, createdAt, expiresAt, isExpired, lastUsedAt, previous } = apiKey;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 p-5">
      <span className="grid size-11 shrink-0 place-items-center rounded-full bg-sunken text-ink-soft">
        <KeyRound aria-hidden="true" className="size-5" />
      </span>
      <div className="min-w-0 flex-1 basis-56">
        <h3 className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-semibold">
          <span className="break-all">{name}</span>
          {isExpired ? (
            <span className="rounded-full bg-danger-tint px-2.5 py-0.5 text-[0.8125rem] font-medium text-danger">
              Expired
            </span>
          ) : null}
        </h3>
        <p className="text-[0.9375rem] text-ink-soft">
          <span className="font-mono break-all">{hint}…</span> ·{' '}
          {scopes.length === 0 ? 'no permissions' : scopes.join(', ')}
        </p>
        <p className="text-sm text-ink-soft">
          Created <RelativeTime iso={createdAt} /> ·{' '}
          {lastUsedAt === null ? (
            'never used'
          ) : (
            <>
              last used <RelativeTime iso={lastUsedAt} />
            </>
          )}{' '}
          · {isExpired ? 'expired' : 'expires'} <RelativeTime iso={expiresAt} />
        </p>
        {previous === null ? null : (
          <p className="text-sm text-ink-soft">
            The key before works until <RelativeTime iso={previous.until} />,{' '}
            {previous.lastUsedAt === null ? (
              'and was never used'
            ) : (
              <>
                and was last used <RelativeTime iso={previous.lastUsedAt} />
              </>
            )}
            .
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-2 max-sm:w-full max-sm:pl-15">
        {isExpired || previous !== null ? null : (
          <Button size="small" isPending={isPending} onClick={onRotate}>
            Rotate<span className="sr-only"> {name}</span>
          </Button>
        )}
        <Button size="small" tone="quiet" onClick={onRevoke}>
          Revoke<span className="sr-only"> {name}</span>
        </Button>
      </div>
    </li>
  );
}
