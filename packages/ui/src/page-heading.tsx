import type { ReactNode } from 'react';

export interface PageHeadingProps {
  readonly title: string;
  readonly children?: ReactNode;
}

/** The one `h1` of a page and the sentence below it. */
export function PageHeading({ title, children }: PageHeadingProps) {
  return (
    <header className="max-w-2xl space-y-3">
      <h1 className="text-title font-semibold">{title}</h1>
      {children === undefined ? null : <p className="text-lg text-ink-soft">{children}</p>}
    </header>
  );
}
