'use client';

import { Eye, EyeOff } from 'lucide-react';
import { useState, type ComponentProps, type ReactNode } from 'react';
import { FieldFrame, describedBy, inputClass } from './field-frame.tsx';
import { PasswordLength } from './password-length.tsx';

export interface PasswordFieldProps extends Omit<ComponentProps<'input'>, 'id' | 'type' | 'onChange'> {
  readonly name: string;
  readonly label: string;
  readonly autoComplete: 'current-password' | 'new-password';
  readonly error?: string | undefined;
  readonly aside?: ReactNode;
  /** Says in words how far the password is from this length, and what else helps. */
  readonly minimumLength?: number;
}

/** A password input that can be shown, filled by a password manager and pasted into. */
export function PasswordField({ label, error, aside, minimumLength, ...input }: PasswordFieldProps) {
  const [isShown, setShown] = useState(false);
  const [length, setLength] = useState(0);
  const hint = minimumLength === undefined ? undefined : <PasswordLength length={length} minimum={minimumLength} />;
  const Icon = isShown ? EyeOff : Eye;

  return (
    <FieldFrame name={input.name} label={label} hint={hint} error={error} aside={aside}>
      <div className="relative">
        <input
          {...input}
          id={input.name}
          type={isShown ? 'text' : 'password'}
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => setLength([...event.currentTarget.value].length)}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={describedBy(input.name, hint, error)}
          className={`${inputClass} pr-12`}
        />
        <button
          type="button"
          onClick={() => setShown(!isShown)}
          aria-label={isShown ? 'Hide password' : 'Show password'}
          aria-controls={input.name}
          className="absolute inset-y-1 right-1 grid w-10 place-items-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink"
        >
          <Icon aria-hidden="true" className="size-[1.125rem]" />
        </button>
      </div>
    </FieldFrame>
  );
}
