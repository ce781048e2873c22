'use client';

import { Card } from '@sallyport/ui/card';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { FactorSetUp } from '@sallyport/ui/factor-set-up';
import { factorWords } from '@sallyport/ui/factor-words';
import type { ConfirmFactorAnswer, FactorMethod, FactorsAnswer } from '@sallyport/nextjs/client';
import { Notice } from '@sallyport/ui/notice';
import { RecoveryCodes } from '@sallyport/ui/recovery-codes';
import { useState } from 'react';
import { FactorRow } from './factor-row.tsx';
import { RecoveryRow } from './recovery-row.tsx';
import { goToStepUp, useSecurity } from './use-security.ts';
import { ProblemAndNews } from '../problem-and-news.tsx';

/** The second factors of the person: what there is, what can be set up, and the way out of each. */
export function Security() {
  const { state, problem, isPending, reload, remove, makeRecoveryCodes } = useSecurity();
  const [codes, setCodes] = useState<readonly string[]>();
  const [settingUp, setSettingUp] = useState<FactorMethod>();
  const [removing, setRemoving] = useState<FactorMethod>();
  const [news, setNews] = useState('');

  async function finishSetUp(answer: ConfirmFactorAnswer): Promise<void> {
    setSettingUp(undefined);
    setCodes(answer.recoveryCodes);
    setNews('Two-step verification is on.');
    await reload();
  }

  async function confirmRemoval(method: FactorMethod): Promise<void> {
    if (await remove(method)) setNews(`${factorWords[method].name} was removed.`);
    setRemoving(undefined);
  }

  if (codes !== undefined) return <RecoveryCodes codes={codes} doneLabel="Done" onDone={() => setCodes(undefined)} />;
  return (
    <div className="space-y-8">
      <ProblemAndNews problem={problem} news={news} onRetry={state === undefined ? () => void reload() : undefined} />
      {state === undefined ? (
        <Placeholder isWaiting={problem === undefined} />
      ) : (
        <>
          <Summary state={state} />
          <Card labelledBy="second-factor">
            <h2 id="second-factor" className="px-5 pt-5 text-lg font-semibold">
              Two-step verification
            </h2>
            <ul className="divide-y divide-line">
              {listed(state).map((method) => (
                <FactorRow
                  key={method}
                  method={method}
                  factor={state.factors.find((factor) => factor.method === method)}
                  isOffered={state.methods.includes(method)}
                  isSettingUp={settingUp === method}
                  onSetUp={() => setSettingUp(method)}
                  onRemove={() => setRemoving(method)}
                >
                  <FactorSetUp
                    method={method}
                    offersSignOut
                    onDone={(answer) => void finishSetUp(answer)}
                    onCancel={() => setSettingUp(undefined)}
                    onRefused={goToStepUp}
                  />
                </FactorRow>
              ))}
            </ul>
          </Card>
          {state.factors.length === 0 ? null : (
            <RecoveryRow
              left={state.recoveryCodesLeft}
              isPending={isPending}
              onMake={() => void makeRecoveryCodes().then(setCodes)}
            />
          )}
        </>
      )}
      <ConfirmDialog
        isOpen={removing !== undefined}
        title={removing === undefined ? 'Remove' : `Remove ${factorWords[removing].name.toLowerCase()}?`}
        confirmLabel="Remove"
        isPending={isPending}
        onConfirm={() => {
          if (removing !== undefined) void confirmRemoval(removing);
        }}
        onClose={() => setRemoving(undefined)}
      >
        <p>
          {state?.factors.length === 1
            ? 'This turns off two-step verification: your password alone will be enough to sign in, and your recovery codes will stop working.'
            : 'You will no longer be able to sign in with it.'}
        </p>
      </ConfirmDialog>
    </div>
  );
}

/** What can be set up, and what was set up before it was switched off. */
function listed({ methods, factors }: FactorsAnswer): readonly FactorMethod[] {
  return [...new Set([...methods, ...factors.map(({ method }) => method)])];
}

function Summary({ state }: { readonly state: FactorsAnswer }) {
  if (state.factors.length > 0) return null;
  return (
    <Notice tone="note" title="Only a password protects your account">
      <p>
        With two-step verification, a stolen password is not enough to sign in.
        {state.required ? ' Your role requires it.' : ''}
      </p>
    </Notice>
  );
}

function Placeholder({ isWaiting }: { readonly isWaiting: boolean }) {
  if (!isWaiting) return null;
  return (
    <Card className="grid h-72 place-items-center text-ink-soft">
      <p role="status">Loading your security settings…</p>
    </Card>
  );
}
