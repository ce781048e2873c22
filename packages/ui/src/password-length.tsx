import { Check } from 'lucide-react';
import { classNames } from './class-names.tsx';

interface PasswordLengthProps {
  readonly length: number;
  readonly minimum: number;
}

/** How long the password is, in a bar and in words. Length is the only rule (NIST SP 800-63B-4), so it is all that is shown. */
export function PasswordLength({ length, minimum }: PasswordLengthProps) {
  const isEnough = length >= minimum;
  const steps = 5;
  const filled = isEnough ? steps : Math.floor((length / minimum) * steps);
  return (
    <div className="space-y-1.5 pt-0.5">
      <div aria-hidden="true" className="grid grid-cols-5 gap-1">
        {Array.from({ length: steps }, (_, step) => (
          <span
            key={step}
            className={classNames(
              'h-1 rounded-full transition-colors',
              step >= filled ? 'bg-line' : isEnough ? 'bg-outer' : 'bg-inner-solid',
            )}
          />
        ))}
      </div>
      <p className="flex items-start gap-1.5">
        {isEnough ? <Check aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-outer" /> : null}
        <span>{sentence(length, minimum)}</span>
      </p>
    </div>
  );
}

function sentence(length: number, minimum: number): string {
  if (length === 0) return `At least ${minimum} characters. A few unrelated words work well; symbols are optional.`;
  const missing = minimum - length;
  if (missing > 0) return `${missing} more ${missing === 1 ? 'character' : 'characters'} to go.`;
  return 'Long enough. Keep it in a password manager.';
}
