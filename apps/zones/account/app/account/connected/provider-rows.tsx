import { Button } from '@sallyport/ui/button';
import { ProviderMark } from '@sallyport/ui/provider-mark';
import { RelativeTime } from '@sallyport/ui/relative-time';
import type { ConnectedProvider, OfferedProvider } from '@sallyport/nextjs/client';

interface ConnectedRowProps {
  readonly account: ConnectedProvider;
  /** Whether nothing else signs in to the account. */
  readonly isLastWay: boolean;
  readonly onDisconnect: () => void;
}

/** One account elsewhere that signs in to this one. */
export function ConnectedRow({ account, isLastWay, onDisconnect }: ConnectedRowProps) {
  const { name, email, connectedAt, lastUsedAt, isOffered } = account;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 p-5">
      <ProviderMark name={name} />
      <div className="min-w-0 flex-1 basis-56">
        <h3 className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-semibold">
          {name}
          {isOffered ? null : (
            <span className="rounded-full bg-sunken px-2.5 py-0.5 text-[0.8125rem] font-medium text-ink-soft">
              Not available right now
            </span>
          )}
        </h3>
        {email === undefined ? null : <p className="text-[0.9375rem] break-all text-ink-soft">{email}</p>}
        <p className="text-sm text-ink-soft">
          Connected <RelativeTime iso={connectedAt} /> · last used <RelativeTime iso={lastUsedAt} />
        </p>
        {isLastWay ? (
          <p className="mt-1 text-sm text-ink-soft">
            It is the only way into your account.{' '}
            <a href="/auth/forgot" className="font-medium text-outer underline underline-offset-4">
              Choose a password
            </a>{' '}
            or connect another account before you disconnect it.
          </p>
        ) : null}
      </div>
      {isLastWay ? null : (
        <Button size="small" tone="quiet" onClick={onDisconnect}>
          Disconnect<span className="sr-only"> {name}</span>
        </Button>
      )}
    </li>
  );
}

interface AvailableRowProps {
  readonly provider: OfferedProvider;
  readonly isPending: boolean;
  readonly onConnect: () => void;
}

/** One identity provider that could be connected. */
export function AvailableRow({ provider: { name }, isPending, onConnect }: AvailableRowProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 p-5">
      <ProviderMark name={name} />
      <h3 className="min-w-0 flex-1 basis-40 font-semibold">{name}</h3>
      <Button size="small" isPending={isPending} onClick={onConnect}>
        Connect<span className="sr-only"> {name}</span>
      </Button>
    </li>
  );
}
