import type { ComponentProps, ReactNode } from 'react';
import { FieldFrame, describedBy, inputClass } from './field-frame.tsx';

export interface TextFieldProps extends Omit<ComponentProps<'input'>, 'id' | 'className'> {
  readonly name: string;
  readonly label: string;
  readonly hint?: ReactNode;
  /** Why the last value was refused. */
  readonly error?: string | undefined;
}

/** A labelled input whose hint and error are read out with it. */
export function TextField({ label, hint, error, ...input }: TextFieldProps) {
  return (
    <FieldFrame name={input.name} label={label} hint={hint} error={error}>
      <input
        {...input}
        id={input.name}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={describedBy(input.name, hint, error)}
        className={inputClass}
      />
    </FieldFrame>
  );
}
