import type { ReactNode } from 'react';
import { FieldFrame, describedBy, inputClass } from './field-frame.tsx';

export interface CodeFieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  /** Six digits, which phones and password managers fill in, or a recovery code. @default 'digits' */
  readonly kind?: 'digits' | 'recovery-code';
  /** Whether the page, or the part of it that just appeared, is there for this one field. @default false */
  readonly takesFocus?: boolean;
}

/**
 * One field for a code, however long it is: it can be pasted into, and read out as a whole. Six digits submit themselves,
 * typed, pasted or filled in by the device.
 */
export function CodeField({ label, hint, error, kind = 'digits', takesFocus = false }: CodeFieldProps) {
  const isDigits = kind === 'digits';
  return (
    <FieldFrame name="code" label={label} hint={hint} error={error}>
      <input
        id="code"
        name="code"
        type="text"
        required
        inputMode={isDigits ? 'numeric' : 'text'}
        autoComplete={isDigits ? 'one-time-code' : 'off'}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={isDigits ? 12 : 40}
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- see takesFocus
        autoFocus={takesFocus}
        onChange={isDigits ? ({ target }) => submitWholeCode(target) : undefined}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={describedBy('code', hint, error)}
        className={`${inputClass} font-mono ${isDigits ? 'text-xl tracking-[0.35em]' : 'tracking-[0.06em]'}`}
      />
    </FieldFrame>
  );
}

function submitWholeCode(input: HTMLInputElement): void {
  if (/^\s*(?:\d\s*){6}$/.test(input.value)) input.form?.requestSubmit();
}
