import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

/** The look of every input. */
export const inputClass =
  'block w-full min-h-12 rounded-control border border-line-strong bg-surface px-3.5 text-base text-ink placeholder:text-ink-soft/70 ' +
  'focus-visible:outline-offset-0 aria-invalid:border-danger aria-invalid:outline-danger';

export interface FieldFrameProps {
  readonly name: string;
  readonly label: string;
  readonly hint: ReactNode;
  readonly error: string | undefined;
  /** Sits at the end of the label's line, such as "Forgot password?". */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** Label, input, hint and error of one field, in the order in which they are read. */
export function FieldFrame({ name, label, hint, error, aside, children }: FieldFrameProps) {
  return (
    <div className="space-y-1.5">
      <div className="flex items-baseline justify-between gap-4">
        <label htmlFor={name} className="text-[0.9375rem] font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children}
      {error === undefined ? null : (
        <p id={`${name}-error`} className="flex items-start gap-1.5 text-sm font-medium text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          {sentenceOf(label, error)}
        </p>
      )}
      {hint === undefined ? null : (
        <div id={`${name}-hint`} className="text-sm text-ink-soft">
          {hint}
        </div>
      )}
    </div>
  );
}

/** Ids of the texts that describe the input, for `aria-describedby`. */
export function describedBy(name: string, hint: ReactNode, error: string | undefined): string | undefined {
  const ids = [error === undefined ? '' : `${name}-error`, hint === undefined ? '' : `${name}-hint`].filter(Boolean);
  return ids.length === 0 ? undefined : ids.join(' ');
}

/** Identity says "must not be empty", so that the name of the field can stand before it. */
function sentenceOf(label: string, error: string): string {
  const sentence = /^[a-z]/.test(error) ? `${label} ${error}` : error;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
