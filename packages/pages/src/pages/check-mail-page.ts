import { html } from 'hono/html';
import type { CreatePage, PageParts } from '../built-in-page.ts';
import type { Flow } from '../cookies/flow-cookie.ts';
import { emailField, hiddenField, submitButton } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { mailboxNote } from '../document/mailbox-note.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';

type Mail = NonNullable<Flow['mail']>;

/** How long the script waits before it offers to send again. */
const resendSeconds = 30;

const labels = { email: 'Email address' } as const;

const routes: Readonly<Record<Mail, string>> = {
  'verify-email': '/auth/send-verification-email',
  'reset-password': '/auth/request-password-reset',
};

/** After a form that sends mail: what was sent, and how to get it again. Says the same for every address. */
export const createCheckMailPage: CreatePage = (parts) => ({
  name: 'checkMail',
  get(call) {
    const { mail = 'verify-email', email = '' } = parts.flow.read(call.request);
    return { kind: 'page', page: checkMail(parts, mail, email) };
  },
  async post(call, form) {
    const mail = form.of('mail') === 'reset-password' ? 'reset-password' : 'verify-email';
    const email = form.of('email');
    const answer = await call.identity('POST', routes[mail], { email });
    if (answer.kind === 'refused')
      return refusedForm(answer.refusal, labels, (shown) => checkMail(parts, mail, email, shown));
    const { returnTo } = parts.flow.read(call.request);
    const flow = parts.flow.write({ returnTo, mail, email });
    return { kind: 'redirect', to: parts.pages.checkMail, cookies: [...answer.cookies, flow] };
  },
});

function checkMail({ pages, mailboxUrl }: PageParts, mail: Mail, email: string, shown: ShownRefusal = noRefusal) {
  const isKnown = email !== '' && shown.errorOf('email') === undefined;
  return {
    title: 'Check your email',
    lead: isKnown ? leads[mail](email) : 'Enter your email address, and we’ll send you a link.',
    content: html`${shown.notice}
      ${isKnown ? html`<p class="quiet">It can take a minute. Look in your spam folder, too.</p>` : nothing}
      ${mailboxNote(mailboxUrl)}
      <form class="${isKnown ? 'inline-form' : ''}" method="post" action="${pages.checkMail}">
        ${hiddenField('mail', mail)}
        ${
          isKnown
            ? hiddenField('email', email)
            : emailField({ value: email, error: shown.errorOf('email'), takesFocus: true })
        }
        ${
          isKnown
            ? html`<button class="button" type="submit" data-pending="Sending…" data-resend="${resendSeconds}">
                Send it again
              </button>`
            : submitButton({ label: 'Send the link', pending: 'Sending…', waitSeconds: shown.waitSeconds })
        }
      </form>`,
    aside: html`<p><a href="${pages.signIn}">Back to sign in</a></p>`,
  };
}

const leads: Readonly<Record<Mail, (email: string) => Html>> = {
  'verify-email': (email) =>
    html`We sent an email to <strong>${email}</strong>. Open the link in it to finish. The link works once, within 24
      hours.`,
  'reset-password': (email) =>
    html`If there is an account for <strong>${email}</strong>, we sent it a link to choose a new password. The link
      works once, within an hour.`,
};
