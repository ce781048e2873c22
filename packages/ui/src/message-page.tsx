import type { ReactNode } from 'react';

export interface MessagePageProps {
  readonly status: string;
  readonly title: string;
  readonly children: ReactNode;
}

/** A page that is only a message: what happened and where to go from here. */
export function MessagePage({ status, title, children }: MessagePageProps) {
  return (
    <div className="page-width flex max-w-3xl! flex-col justify-center gap-4 py-20 lg:py-32">
      <p className="font-mono text-sm text-ink-soft">{status}</p>
      <h1 className="text-display font-semibold">{title}</h1>
      <div className="max-w-xl space-y-6 text-lg text-ink-soft">{children}</div>
    </div>
  );
}
