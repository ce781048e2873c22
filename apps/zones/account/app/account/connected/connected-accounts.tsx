'use client';

import { Card } from '@sallyport/ui/card';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { Notice } from '@sallyport/ui/notice';
import type { ConnectedProvider } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { ProblemAndNews } from '../problem-and-news.tsx';
import { AvailableRow, ConnectedRow } from './provider-rows.tsx';
import { useConnectedAccounts } from './use-connected-accounts.ts';

/** The accounts elsewhere with which the person signs in: which there are, others, and the way out of each. */
export function ConnectedAccounts() {
  const { state, isOff, problem, isPending, reload, connect, disconnect } = useConnectedAccounts();
  const [leaving, setLeaving] = useState<ConnectedProvider>();
  const [news, setNews] = useState('');

  async function confirmDisconnection(account: ConnectedProvider): Promise<void> {
    if (await disconnect(account)) setNews(`${account.name} is no longer connected.`);
    setLeaving(undefined);
  }

  if (isOff || (state !== undefined && state.connected.length + state.available.length === 0))
    return (
      <Notice tone="note" title="There is nothing to connect here">
        <p>The operator of this system has not set up any other way to sign in.</p>
      </Notice>
    );
  return (
    <div className="space-y-8">
      <ProblemAndNews problem={problem} news={news} onRetry={state === undefined ? () => void reload() : undefined} />
      {state === undefined ? (
        <Placeholder isWaiting={problem === undefined} />
      ) : (
        <>
          {state.connected.length === 0 ? null : (
            <Card labelledBy="connected">
              <h2 id="connected" className="px-5 pt-5 text-lg font-semibold">
                Connected
              </h2>
              <ul className="divide-y divide-line">
                {state.connected.map((account) => (
                  <ConnectedRow
                    key={account.id}
                    account={account}
                    // The gateway decides; people should not have to try it to be told.
                    isLastWay={!state.hasPassword && state.connected.length === 1}
                    onDisconnect={() => setLeaving(account)}
                  />
                ))}
              </ul>
            </Card>
          )}
          {state.available.length === 0 ? null : (
            <Card labelledBy="available">
              <h2 id="available" className="px-5 pt-5 text-lg font-semibold">
                {state.connected.length === 0 ? 'Connect an account' : 'Connect another account'}
              </h2>
              <ul className="divide-y divide-line">
                {state.available.map((provider) => (
                  <AvailableRow
                    key={provider.id}
                    provider={provider}
                    isPending={isPending}
                    onConnect={() => void connect(provider)}
                  />
                ))}
              </ul>
            </Card>
          )}
        </>
      )}
      <ConfirmDialog
        isOpen={leaving !== undefined}
        title={leaving === undefined ? 'Disconnect' : `Disconnect ${leaving.name}?`}
        confirmLabel="Disconnect"
        isPending={isPending}
        onConfirm={() => {
          if (leaving !== undefined) void confirmDisconnection(leaving);
        }}
        onClose={() => setLeaving(undefined)}
      >
        <p>You will no longer be able to sign in with it. You can connect it again later.</p>
      </ConfirmDialog>
    </div>
  );
}

function Placeholder({ isWaiting }: { readonly isWaiting: boolean }) {
  if (!isWaiting) return null;
  return (
    <Card className="grid h-56 place-items-center text-ink-soft">
      <p role="status">Loading your connected accounts…</p>
    </Card>
  );
}
