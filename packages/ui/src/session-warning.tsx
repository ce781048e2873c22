'use client';

import { useEffect, useEffectEvent, useId, useRef, useState } from 'react';
import { useAuth, useSessionExpiry } from '@sallyport/nextjs/client';
import { Button } from './button.tsx';

/**
 * Warns before the session expires, over whatever is open on the page: nothing that was typed is lost, and the focus
 * returns to it.
 */
export function SessionWarning() {
  const isSignedIn = useAuth().status === 'signed-in';
  const expiry = useSessionExpiry();
  return isSignedIn && expiry.status === 'near' ? (
    <WarningDialog endsAt={expiry.endsAt} canExtend={expiry.canExtend} extend={expiry.extend} />
  ) : null;
}

interface WarningDialogProps {
  readonly endsAt: number;
  readonly canExtend: boolean;
  readonly extend: () => Promise<void>;
}

function WarningDialog({ endsAt, canExtend, extend }: WarningDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [titleId, textId] = [useId(), useId()];
  const [isClosed, setIsClosed] = useState(false);
  const [isPending, setIsPending] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);
  const left = useSecondsUntil(endsAt);

  const open = useEffectEvent(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  });
  useEffect(() => open(), []);

  async function stay(): Promise<void> {
    setIsPending(true);
    setHasFailed(false);
    try {
      await extend();
    } catch {
      setHasFailed(true);
    }
    setIsPending(false);
  }

  if (isClosed) return null;
  return (
    <dialog
      ref={dialog}
      role="alertdialog"
      aria-labelledby={titleId}
      aria-describedby={textId}
      onCancel={(event) => {
        event.preventDefault();
        if (canExtend) void stay();
        else setIsClosed(true);
      }}
      className="w-[min(26rem,calc(100vw-2rem))] rounded-card border border-line bg-surface p-6 text-ink shadow-raised"
    >
      <h2 id={titleId} className="text-xl font-semibold tracking-[-0.02em]">
        {canExtend ? 'Are you still there?' : 'You’ll need to sign in again'}
      </h2>
      <p id={textId} className="mt-2 text-ink-soft">
        {canExtend
          ? 'For your security, you’ll be signed out soon because nothing happened for a while.'
          : 'Your session ends soon. What you typed stays in this tab while you sign in again.'}
      </p>
      <p className="mt-3 font-medium tabular-nums" role="timer" aria-live="off">
        {left > 0 ? `${toWords(left)} left` : 'Time is up'}
      </p>
      {hasFailed ? (
        <p role="alert" className="mt-3 font-medium text-danger">
          That didn’t work. Check your connection, then try again.
        </p>
      ) : null}
      <div className="mt-6 flex justify-end">
        {canExtend ? (
          <Button tone="primary" isPending={isPending} onClick={() => void stay()}>
            Stay signed in
          </Button>
        ) : (
          <Button onClick={() => setIsClosed(true)}>Got it</Button>
        )}
      </div>
    </dialog>
  );
}

function useSecondsUntil(time: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((time - now) / 1000));
}

function toWords(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  const parts = [plural(minutes, 'minute'), plural(rest, 'second')];
  return parts.filter((part) => !part.startsWith('0 ')).join(' ');
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
