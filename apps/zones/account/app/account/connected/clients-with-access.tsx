'use client';

import { Button } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { ProviderMark } from '@sallyport/ui/provider-mark';
import { RelativeTime } from '@sallyport/ui/relative-time';
import type { ConnectedApp, ConnectedSignIn } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { ProblemAndNews } from '../problem-and-news.tsx';
import { useConnectedApps } from './use-connected-apps.ts';

interface ClientsWithAccessProps {
  readonly kind: ConnectedApp['kind'];
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  /** What is said where there are none. @default the section is not there */
  readonly none?: string;
}

/** The OAuth clients of a kind that act for the user, and the way to end each. */
export function ClientsWithAccess({ kind, id, title, lead, none }: ClientsWithAccessProps) {
  const { apps, isOff, problem, isPending, reload, withdraw } = useConnectedApps();
  const [leaving, setLeaving] = useState<ConnectedApp>();
  const [news, setNews] = useState('');
  const shown = apps?.filter((app) => app.kind === kind);

  async function confirmWithdrawal(app: ConnectedApp): Promise<void> {
    setNews('');
    if (await withdraw(app)) setNews(`${app.name} has no access any more.`);
    setLeaving(undefined);
  }

  const isEmpty = shown === undefined || shown.length === 0;
  if (isOff || (none === undefined && isEmpty && problem === undefined && news === '')) return null;
  return (
    <section aria-labelledby={id} className="space-y-5">
      <div className="space-y-1">
        <h2 id={id} className="text-xl font-semibold tracking-[-0.02em]">
          {title}
        </h2>
        <p className="text-ink-soft">{lead}</p>
      </div>
      <ProblemAndNews problem={problem} news={news} onRetry={apps === undefined ? () => void reload() : undefined} />
      {shown === undefined ? null : (
        <Card>
          {isEmpty ? (
            <p className="p-5 text-ink-soft">{none ?? 'None.'}</p>
          ) : (
            <ul className="divide-y divide-line">
              {shown.map((app) => (
                <ClientRow key={app.clientId} app={app} onWithdraw={() => setLeaving(app)} />
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
        <p>
          It can do nothing in your account any more, on any of your devices.
          {kind === 'agent' ? '' : ' It has to ask you again.'}
        </p>
      </ConfirmDialog>
    </section>
  );
}

interface ClientRowProps {
  readonly app: ConnectedApp;
  readonly onWithdraw: () => void;
}

function ClientRow({ app, onWithdraw }: ClientRowProps) {
  const { name, homepage, allowedAt, lastUsedAt, signIns, scopes } = app;
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 p-5">
      <ProviderMark name={name} />
      <div className="min-w-0 flex-1 basis-56 space-y-1">
        <h3 className="font-semibold wrap-anywhere">{name}</h3>
        <ClientHost app={app} homepage={homepage} />
        <ul className="list-disc pl-5 text-[0.9375rem] text-ink-soft">
          {scopes.map(({ scope, description }) => (
            <li key={scope}>{description}</li>
          ))}
        </ul>
        <p className="text-sm text-ink-soft">
          Since <RelativeTime iso={allowedAt} />,{' '}
          {lastUsedAt === null ? (
            'not used yet'
          ) : (
            <>
              last used <RelativeTime iso={lastUsedAt} />
            </>
          )}
        </p>
        {signIns.map((signIn) => (
          <SignInLine key={`${signIn.signedInAt} ${signIn.device} ${signIn.through ?? ''}`} signIn={signIn} />
        ))}
      </div>
      <Button size="small" tone="quiet" onClick={onWithdraw}>
        Remove access<span className="sr-only"> of {name}</span>
      </Button>
    </li>
  );
}

/** Where it is: a link where it says that it has a page. A client that is called by its host needs no second one. */
function ClientHost({ app, homepage }: { readonly app: ConnectedApp; readonly homepage: string | undefined }) {
  if (homepage !== undefined)
    return (
      <p className="text-[0.9375rem] wrap-anywhere">
        <a href={homepage} rel="noreferrer" className="text-link">
          {new URL(homepage).host}
        </a>
      </p>
    );
  if (app.host === undefined || app.host === app.name) return null;
  return <p className="text-[0.9375rem] wrap-anywhere text-ink-soft">{app.host}</p>;
}

function SignInLine({ signIn: { device, signedInAt, isCurrent, through } }: { readonly signIn: ConnectedSignIn }) {
  return (
    <p className="text-sm text-ink-soft">
      By the sign-in on {isCurrent ? 'this device' : device}, <RelativeTime iso={signedInAt} />
      {through === undefined ? '' : `, through ${through}`}
    </p>
  );
}
