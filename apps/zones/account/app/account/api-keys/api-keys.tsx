'use client';

import { Card } from '@sallyport/ui/card';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { Notice } from '@sallyport/ui/notice';
import type { MadeApiKeyAnswer, ShownApiKey } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { CreateKey } from './create-key.tsx';
import { KeyRow } from './key-row.tsx';
import { MadeKey } from './made-key.tsx';
import { useApiKeys } from './use-api-keys.ts';
import { ProblemAndNews } from '../problem-and-news.tsx';

/** The API keys of the person: what there is, another one, and the way out of each. */
export function ApiKeys() {
  const { state, isOff, problem, isPending, reload, create, rotate, revoke } = useApiKeys();
  const [made, setMade] = useState<MadeApiKeyAnswer>();
  const [revoking, setRevoking] = useState<ShownApiKey>();
  const [news, setNews] = useState('');

  async function confirmRevocation(key: ShownApiKey): Promise<void> {
    if (await revoke(key)) setNews(`The key “${key.name}” is revoked.`);
    setRevoking(undefined);
  }

  if (isOff)
    return (
      <Notice tone="note" title="There are no API keys here">
        <p>The operator of this system has not turned them on.</p>
      </Notice>
    );
  if (made !== undefined) return <MadeKey made={made} onDone={() => setMade(undefined)} />;
  return (
    <div className="space-y-8">
      <ProblemAndNews problem={problem} news={news} onRetry={state === undefined ? () => void reload() : undefined} />
      {state === undefined ? (
        <Placeholder isWaiting={problem === undefined} />
      ) : (
        <>
          {state.keys.length === 0 ? null : (
            <Card labelledBy="keys">
              <h2 id="keys" className="px-5 pt-5 text-lg font-semibold">
                Your keys
              </h2>
              <ul className="divide-y divide-line">
                {state.keys.map((key) => (
                  <KeyRow
                    key={key.id}
                    apiKey={key}
                    isPending={isPending}
                    onRotate={() => void rotate(key).then(setMade)}
                    onRevoke={() => setRevoking(key)}
                  />
                ))}
              </ul>
            </Card>
          )}
          <CreateKey offer={state} create={create} onMade={setMade} />
        </>
      )}
      <ConfirmDialog
        isOpen={revoking !== undefined}
        title={revoking === undefined ? 'Revoke' : `Revoke “${revoking.name}”?`}
        confirmLabel="Revoke"
        isPending={isPending}
        onConfirm={() => {
          if (revoking !== undefined) void confirmRevocation(revoking);
        }}
        onClose={() => setRevoking(undefined)}
      >
        <p>Programs that use it stop working right away. This cannot be taken back.</p>
      </ConfirmDialog>
    </div>
  );
}

function Placeholder({ isWaiting }: { readonly isWaiting: boolean }) {
  if (!isWaiting) return null;
  return (
    <Card className="grid h-72 place-items-center text-ink-soft">
      <p role="status">Loading your API keys…</p>
    </Card>
  );
}
