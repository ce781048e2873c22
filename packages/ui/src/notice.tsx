'use client';

import { CircleAlert, CircleCheck, Info } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { classNames } from './class-names.tsx';

/** What a notice tells: that something was refused, that it was done, or what is worth knowing. */
export type NoticeTone = 'refused' | 'done' | 'note';

export interface NoticeProps {
  readonly tone: NoticeTone;
  readonly title: string;
  readonly children?: ReactNode;
  /** Moves the focus here when the notice appears, so that no user misses it. */
  readonly takesFocus?: boolean;
}

const looks = {
  refused: { icon: CircleAlert, box: 'border-danger/40 bg-danger-tint', mark: 'text-danger' },
  done: { icon: CircleCheck, box: 'border-done/40 bg-done-tint', mark: 'text-done' },
  note: { icon: Info, box: 'border-line bg-sunken', mark: 'text-ink-soft' },
};

/** A sentence that matters now: what happened and what to do. Announced when it appears. */
export function Notice({ tone, title, children, takesFocus = false }: NoticeProps) {
  const box = useRef<HTMLDivElement>(null);
  const { icon: Icon, ...look } = looks[tone];

  useEffect(() => {
    if (takesFocus) box.current?.focus();
  }, [takesFocus]);

  return (
    <div
      ref={box}
      tabIndex={-1}
      role={tone === 'refused' ? 'alert' : 'status'}
      className={classNames('flex gap-3 rounded-control border p-4 text-[0.9375rem]', look.box)}
    >
      <Icon aria-hidden="true" className={classNames('mt-0.5 size-5 shrink-0', look.mark)} />
      <div className="min-w-0 space-y-1">
        <p className="font-semibold">{title}</p>
        {children === undefined ? null : <div className="space-y-2 text-ink-soft">{children}</div>}
      </div>
    </div>
  );
}
