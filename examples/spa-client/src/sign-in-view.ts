import { ClientError, type SecondFactorMethod, type SecondFactorStep } from '@sallyport/client';
import { clients } from './clients.ts';
import { explainError } from './explain-error.ts';
import { find, say, show, textOf, whileBusy } from './page.ts';

const methodNames: Readonly<Record<SecondFactorMethod, string>> = {
  totp: 'Authenticator app',
  email: 'Code by mail',
  sms: 'Code by text message',
  'recovery-code': 'Recovery code',
};

/** Binds the forms for password and second factor. The client that they sign in tells its listeners. */
export function bindSignIn(): void {
  const form = find('password-form', HTMLFormElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const client = new FormData(form).has('remember') ? clients.browser : clients.tab;
    void submitting(form, async () => {
      const outcome = await client.signIn({ email: textOf(form, 'email'), password: textOf(form, 'password') });
      form.reset();
      if (outcome.kind === 'second-factor') askForCode(outcome);
    });
  });
  find('start-over', HTMLButtonElement).addEventListener('click', () => {
    say('');
    show('sign-in');
  });
  find('method', HTMLSelectElement).addEventListener('change', offerSending);
}

function askForCode(step: SecondFactorStep): void {
  const form = find('code-form', HTMLFormElement);
  const choice = find('method', HTMLSelectElement);
  choice.replaceChildren(...step.methods.map((method) => new Option(methodNames[method], method)));
  form.reset();
  offerSending();
  const send = find('send-code', HTMLButtonElement);
  send.onclick = () =>
    void attempt(send, async () => {
      const method = choice.value === 'sms' ? 'sms' : 'email';
      const seconds = await step.sendCode(method);
      say(`The code is on its way. Another one can be sent in ${seconds} seconds.`);
    });
  form.onsubmit = (event) => {
    event.preventDefault();
    void submitting(form, async () => {
      const method = step.methods.find((each) => each === choice.value) ?? 'totp';
      await step.answer({ code: textOf(form, 'code').trim(), method });
      form.reset();
    });
  };
  say('');
  show('second-factor');
}

function offerSending(): void {
  const { value } = find('method', HTMLSelectElement);
  find('send-code', HTMLButtonElement).hidden = value !== 'email' && value !== 'sms';
}

function submitting(form: HTMLFormElement, work: () => Promise<void>): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>('button[type=submit]');
  return button === null ? work() : attempt(button, work);
}

async function attempt(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  say('');
  try {
    await whileBusy(button, work);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'SP_SIGN_IN_EXPIRED') show('sign-in');
    say(explainError(error), true);
  }
}
