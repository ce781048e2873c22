'use client';

import { Button } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { ProviderMark } from '@sallyport/ui/provider-mark';
import { RelativeTime } from '@sallyport/ui/relative-time';
import type { ConnectedApp } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { ProblemAndNews } from '../problem-and-news.tsx';
import { useConnectedApps } from './use-connected-apps.ts';

/** The apps of others that the user let in: what each may do, and the way to take that back. */
export function AppsWithAccess() {
  const { apps, isOff, problem, isPending, reload, withdraw } = useConnectedApps();
  const [leaving, setLeaving] = useState<ConnectedApp>();
  const [news, setNews] = useState('');

  async function confirmWithdrawal(app: ConnectedApp): Promise<void> {
    setNews('');
    if (await withdraw(app)) setNews(`${app.name} has no access any more.`);
    setLeaving(undefined);
  }

  if (isOff) return null;
  return (
    <section aria-labelledby="apps" className="space-y-5">
      <div className="space-y-1">
        <h2 id="apps" className="text-xl font-semibold tracking-[-0.02em]">
          Apps with access
        </h2>
        <p className="text-ink-soft">
          Apps of others that you let into your account. They lose access when you sign out.
        </p>
      </div>
      <ProblemAndNews problem={problem} news={news} onRetry={apps === undefined ? () => void reload() : undefined} />
      {apps === undefined ? null : (
        <Card>
          {apps.length === 0 ? (
            <p className="p-5 text-ink-soft">No app has access to your account.</p>
          ) : (
            <ul className="divide-y divide-line">
              {apps.map((app) => (
                <AppRow key={app.clientId} app={app} onWithdraw={() => setLeaving(app)} />
              ))}
            </ul>
          )}
        </Card>
      )}
      <ConfirmDialog
        isOpen={leaving !== undefined}
        title={leaving === undefined ? 'Remove access' : `Remove the access of ${leaving.name}?`}
        confirmLabel="Remove access"
        isPending={isPending}
        onConfirm={() => {
          if (leaving !== undefined) void confirmWithdrawal(leaving);
        }}
        onClose={() => setLeaving(undefined)}
      >
        <p>It can do nothing in your account any more, on any of your devices. It has to ask you again.</p>
      </ConfirmDialog>
    </section>
  );
}

interface AppRowProps {
  readonly app: ConnectedApp;
  readonly onWithdraw: () => void;
}

function AppRow({ app: { name, homepage, allowedAt, scopes }, onWithdraw }: AppRowProps) {
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 p-5">
      <ProviderMark name={name} />
      <div className="min-w-0 flex-1 basis-56 space-y-1">
        <h3 className="font-semibold wrap-anywhere">{name}</h3>
        {homepage === undefined ? null : (
          <p className="text-[0.9375rem] wrap-anywhere">
            <a href={homepage} rel="noreferrer" className="text-link">
              {new URL(homepage).host}
            </a>
          </p>
        )}
        <ul className="list-disc pl-5 text-[0.9375rem] text-ink-soft">
          {scopes.map(({ scope, description }) => (
            <li key={scope}>{description}</li>
          ))}
        </ul>
        <p className="text-sm text-ink-soft">
          Allowed <RelativeTime iso={allowedAt} />
        </p>
      </div>
      <Button size="small" tone="quiet" onClick={onWithdraw}>
        Remove access<span className="sr-only"> of {name}</span>
      </Button>
    </li>
  );
}
