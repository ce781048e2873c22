import type { ComponentProps } from 'react';
import { classNames } from './class-names.tsx';
import { Spinner } from './spinner.tsx';

/** How loud a button is. A page has at most one `primary`. */
export type ButtonTone = 'primary' | 'secondary' | 'quiet' | 'danger';

/** `large` for the one action of a form, `small` inside rows. */
export type ButtonSize = 'small' | 'medium' | 'large';

interface ButtonLook {
  readonly tone?: ButtonTone;
  readonly size?: ButtonSize;
}

export interface ButtonProps extends ComponentProps<'button'>, ButtonLook {
  /** Shows that the action is under way. The button keeps the focus and its width, and ignores further clicks. */
  readonly isPending?: boolean;
}

const tones: Readonly<Record<ButtonTone, string>> = {
  // The border is transparent, and seen in forced colours alone, which take the background away.
  primary: 'border border-transparent bg-outer text-on-outer hover:bg-outer-hover',
  secondary: 'border border-line-strong/60 bg-surface text-ink hover:border-line-strong hover:bg-sunken',
  quiet: 'text-ink-soft hover:bg-sunken hover:text-ink',
  danger: 'border border-transparent bg-danger-solid text-on-danger hover:brightness-110',
};

const sizes: Readonly<Record<ButtonSize, string>> = {
  small: 'min-h-9 px-3 text-sm',
  medium: 'min-h-10 px-4 text-[0.9375rem]',
  large: 'min-h-12 px-5 text-base',
};

/** The classes of a button, for a link that looks like one. */
export function buttonClass({ tone = 'secondary', size = 'medium' }: ButtonLook = {}): string {
  return classNames(
    'inline-flex items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap transition-colors duration-150',
    'aria-disabled:opacity-60 disabled:opacity-60',
    tones[tone],
    sizes[size],
  );
}

/** A button. It submits nothing unless its type says so. */
export function Button({ tone, size, isPending = false, className, children, onClick, ...rest }: ButtonProps) {
  const look = buttonClass({ ...(tone === undefined ? {} : { tone }), ...(size === undefined ? {} : { size }) });
  return (
    <button
      type="button"
      {...rest}
      // Not `disabled`: that would drop the focus, and a screen reader with it.
      aria-disabled={isPending || undefined}
      onClick={isPending ? (event) => event.preventDefault() : onClick}
      className={classNames(look, className)}
    >
      {isPending ? <Spinner /> : null}
      {children}
    </button>
  );
}
