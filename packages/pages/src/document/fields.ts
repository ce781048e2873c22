import { html } from 'hono/html';
import { attributes, nothing, type Attributes, type Html } from './html.ts';
import { icon } from './icons.ts';

/** One labelled input. What describes it is read out with it. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'email' | 'tel';
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly hint?: string | undefined;
  /** Why the last value was refused, as a sentence. */
  readonly error?: string | undefined;
  /** Whether the page begins here. */
  readonly takesFocus?: boolean;
  /** What is said when it is left empty. */
  readonly whenEmpty: string;
  readonly more?: Attributes;
}

/** A text input with its label, error and hint. */
export function textField(field: Field): Html {
  return frame(field, html`<input ${inputAttributes(field, field.type ?? 'text')} />`);
}

export type EmailField = Pick<Field, 'value' | 'error' | 'takesFocus'>;

/** The address of an account. The script carries what was typed to links that take one. */
export function emailField(field: EmailField): Html {
  return textField({
    ...field,
    name: 'email',
    label: 'Email address',
    type: 'email',
    autocomplete: 'username',
    whenEmpty: 'Enter your email address.',
    more: { 'data-carry': 'email' },
  });
}

/** How a person is to be called. */
export function nameField(field: Pick<Field, 'value' | 'error' | 'takesFocus'>): Html {
  return textField({ ...field, name: 'name', label: 'Name', autocomplete: 'name', whenEmpty: 'Enter your name.' });
}

export interface NewPasswordField extends Pick<PasswordField, 'name' | 'label' | 'error' | 'takesFocus'> {
  readonly minLength: number;
}

/** A password that is chosen now. */
export function newPasswordField(field: NewPasswordField): Html {
  return passwordField({ ...field, autocomplete: 'new-password', whenEmpty: 'Choose a password.' });
}

export interface PasswordField extends Omit<Field, 'type' | 'value' | 'autocomplete'> {
  readonly autocomplete: 'current-password' | 'new-password';
  /** Said while one is chosen, and counted down by the script. */
  readonly minLength?: number;
}

/** A password input. It never has a value. The script shows the button that makes it readable. */
export function passwordField(field: PasswordField): Html {
  const { minLength } = field;
  const hint =
    minLength === undefined
      ? field.hint
      : `At least ${minLength} characters. Four or more unrelated words work well; symbols are optional.`;
  const described = { ...field, ...(hint === undefined ? {} : { hint }) };
  return frame(
    described,
    html`<div class="password">
      <input
        ${inputAttributes({ ...described, more: { ...field.more, spellcheck: 'false', autocapitalize: 'none' } }, 'password')}
      />
      <button class="reveal" type="button" hidden aria-controls="${field.name}" aria-label="Show password">
        ${icon('eye')}${icon('eye-off')}
      </button>
    </div>`,
    minLength === undefined
      ? nothing
      : html`<div
          class="length"
          data-length-of="${field.name}"
          data-min-length="${minLength}"
          aria-hidden="true"
          hidden
        >
          <span></span>
        </div>`,
  );
}

export interface CodeField extends Pick<Field, 'label' | 'hint' | 'error' | 'value'> {
  /** Six digits, or four groups of four characters. */
  readonly kind: 'digits' | 'recovery-code';
}

/** One input for a code, however long it is: it can be pasted into, and filled by the device. */
export function codeField({ kind, ...field }: CodeField): Html {
  const isDigits = kind === 'digits';
  return textField({
    ...field,
    name: 'code',
    autocomplete: isDigits ? 'one-time-code' : 'off',
    takesFocus: true,
    whenEmpty: 'Enter the code.',
    more: {
      class: isDigits ? 'code code-digits' : 'code',
      inputmode: isDigits ? 'numeric' : 'text',
      autocapitalize: 'none',
      autocorrect: 'off',
      spellcheck: 'false',
      maxlength: isDigits ? 12 : 40,
      'data-digits': isDigits ? 6 : undefined,
    },
  });
}

export interface TickBoxes {
  /** Of the group, for its error. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly boxes: readonly { readonly name: string; readonly label: string; readonly isTicked: boolean }[];
}

/** A choice of any number of things. Each box has a name of its own: a field of a form comes once. */
export function tickBoxes({ name, label, hint, error, boxes }: TickBoxes): Html {
  const described = [error === undefined ? '' : `${name}-error`, hint === undefined ? '' : `${name}-hint`];
  const describedBy = described.filter((id) => id !== '').join(' ') || undefined;
  return html`<fieldset class="field" ${attributes({ 'aria-describedby': describedBy })}>
    <legend>${label}</legend>
    ${boxes.map(
      (box) =>
        html`<label class="box"
          ><input ${attributes({ type: 'checkbox', name: box.name, value: 'on', checked: box.isTicked })} />
          <span>${box.label}</span></label
        >`,
    )}
    ${below({ name, error, hint })}
  </fieldset>`;
}

/** A value that goes with the form and that users do not edit. */
export function hiddenField(name: string, value: string | undefined): Html {
  return value === undefined || value === '' ? nothing : html`<input type="hidden" name="${name}" value="${value}" />`;
}

/** Several such values. */
export function hiddenFields(values: Readonly<Record<string, string | undefined>>): readonly Html[] {
  return Object.entries(values).map(([name, value]) => hiddenField(name, value));
}

/** Tells password managers whose password this is, where the page does not ask for the address. */
export function usernameForPasswordManagers(email: string): Html {
  return html`<input
    class="unseen"
    type="email"
    name="username"
    autocomplete="username"
    value="${email}"
    readonly
    tabindex="-1"
    aria-hidden="true"
  />`;
}

export interface SubmitButton {
  readonly label: string;
  /** Shown by the script while the form is under way. */
  readonly pending: string;
  /** Seconds for which the form would be refused again. */
  readonly waitSeconds?: number | undefined;
}

/** The one loud button of a form. */
export function submitButton({ label, pending, waitSeconds }: SubmitButton): Html {
  return html`<button
    class="button button-primary"
    type="submit"
    data-pending="${pending}"
    ${attributes({ 'data-wait': waitSeconds })}
  >
    ${label}
  </button>`;
}

function frame(field: Omit<Field, 'type' | 'autocomplete'>, input: Html, between: Html = nothing): Html {
  const { name, label } = field;
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${input} ${below(field, between)}
  </div>`;
}

/** What describes an input, in the order in which it is read. */
function below({ name, error, hint }: Pick<Field, 'name' | 'error' | 'hint'>, between: Html = nothing): Html {
  return html`${error === undefined ? nothing : html`<p class="field-error" id="${name}-error">${icon('alert')}<span>${error}</span></p>`}
  ${between}${hint === undefined ? nothing : html`<p class="field-hint" id="${name}-hint">${hint}</p>`}`;
}

function inputAttributes(field: Omit<Field, 'type'>, type: string): Html {
  const { name, autocomplete, value, hint, error, takesFocus, whenEmpty, more } = field;
  const described = [error === undefined ? '' : `${name}-error`, hint === undefined ? '' : `${name}-hint`];
  return attributes({
    id: name,
    name,
    type,
    autocomplete,
    required: true,
    value,
    autofocus: takesFocus === true || error !== undefined,
    'aria-invalid': error === undefined ? undefined : 'true',
    'aria-describedby': described.filter((id) => id !== '').join(' ') || undefined,
    'data-when-empty': whenEmpty,
    ...more,
  });
}
