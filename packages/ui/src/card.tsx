import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';

export interface CardProps {
  /** Id of the heading that names the card. */
  readonly labelledBy?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A raised sheet that groups what belongs together. */
export function Card({ labelledBy, className, children }: CardProps) {
  const classes = classNames('rounded-card border border-line bg-surface', className);
  if (labelledBy === undefined) return <div className={classes}>{children}</div>;
  return (
    <section aria-labelledby={labelledBy} className={classes}>
      {children}
    </section>
  );
}
