/** What of a form control counts, so that a test needs no document. */
export interface DraftControl {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly checked?: boolean;
  readonly defaultValue?: string;
  readonly defaultChecked?: boolean;
  readonly autocomplete?: string;
  readonly options?: ArrayLike<{
    readonly value: string;
    readonly selected: boolean;
    readonly defaultSelected: boolean;
  }>;
}

/** A field as it is kept: its name, and what was typed, chosen or ticked. */
export type KeptField = readonly [name: string, value: string | boolean];

const ownTypes: ReadonlySet<string> = new Set(['password', 'hidden', 'file', 'submit', 'button', 'image', 'reset']);
/** Passwords, codes and cards, by what the browser is told of them. */
const secretHint = /password|one-time-code|^cc-|\bcc-/i;
/** The same by name: also of a password field that shows what is typed. */
const secretName = /passw|passphrase|secret|token|otp|cvc|cvv|card|iban|\bpin\b|recovery/i;

/**
 * Reads what was typed into a form and not sent: fields that differ from what the page gave them. Never secrets, hidden
 * fields or files.
 */
export function readDraft(controls: Iterable<DraftControl>): readonly KeptField[] {
  const kept: KeptField[] = [];
  for (const control of controls) {
    if (!isKept(control)) continue;
    if (control.type === 'checkbox' || control.type === 'radio') {
      if (control.checked !== control.defaultChecked)
        kept.push([`${control.name}=${control.value}`, control.checked === true]);
    } else if (control.value !== initialValueOf(control)) kept.push([control.name, control.value]);
  }
  return kept;
}

/** Says whether a control may be kept, and filled in again. */
export function isKept({ name, type, autocomplete = '' }: DraftControl): boolean {
  return name !== '' && !ownTypes.has(type) && !secretHint.test(autocomplete) && !secretName.test(name);
}

function initialValueOf({ options, defaultValue }: DraftControl): string {
  if (options === undefined) return defaultValue ?? '';
  const all = Array.from(options);
  return (all.find(({ defaultSelected }) => defaultSelected) ?? all[0])?.value ?? '';
}
