import type { AskGateway } from '../../tools/launch/gateway-client.ts';
import { waitForLink, type MailKind } from './mailbox.ts';
import { newPerson, type Account } from './new-account.ts';

/** Creates an account whose address is verified, without a browser: what was chosen counts where the link is used. */
export async function signUpVerified(ask: AskGateway, mailbox: string): Promise<Account> {
  const person = newPerson();
  const signedUp = await ask('/auth/sign-up/email', { method: 'POST', json: person });
  if (signedUp.status !== 200) throw new Error(`The sign-up was answered ${signedUp.status}`);
  const token = await linkToken(mailbox, person.email, 'verify-email');
  const json = { token, name: person.name, newPassword: person.password };
  const verified = await ask('/auth/verify-email', { method: 'POST', json });
  if (verified.status !== 200) throw new Error(`The link was answered ${verified.status}`);
  return person;
}

/** The token of the newest mailed link of a kind. */
export async function linkToken(mailbox: string, email: string, kind: MailKind): Promise<string> {
  return new URL(await waitForLink(mailbox, email, kind)).searchParams.get('token') ?? '';
}
