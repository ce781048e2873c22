import { vi } from 'vitest';
import { patienceMilliseconds } from './browser.ts';

export type MailKind =
  | 'verify-email'
  | 'already-registered'
  | 'reset-password'
  | 'password-changed'
  | 'second-factor-added'
  | 'second-factor-removed'
  | 'second-factor-code'
  | 'recovery-code-used'
  | 'roles-changed'
  | 'organization-invitation'
  | 'provider-connected'
  | 'provider-disconnected'
  | 'provider-address-taken';

/** A message, as the development mailbox lists it. */
export interface Mail {
  readonly to: string;
  readonly kind: MailKind;
  readonly subject: string;
  readonly links: readonly string[];
  readonly code: string | null;
}

/** Reads what arrived for an address, newest first. */
export async function readMails(mailbox: string, to: string): Promise<readonly Mail[]> {
  const response = await fetch(`${mailbox}/messages?to=${encodeURIComponent(to)}`);
  return (await response.json()) as readonly Mail[];
}

/** Waits for the newest message of a kind. */
export async function waitForMail(mailbox: string, to: string, kind: MailKind): Promise<Mail> {
  return vi.waitFor(
    async () => {
      const found = (await readMails(mailbox, to)).find((mail) => mail.kind === kind);
      if (found === undefined) throw new Error(`No ${kind} mail arrived`);
      return found;
    },
    { timeout: patienceMilliseconds, interval: 100 },
  );
}

/** The link of a mail, as a person would open it. */
export async function waitForLink(mailbox: string, to: string, kind: MailKind): Promise<string> {
  const [link] = (await waitForMail(mailbox, to, kind)).links;
  if (link === undefined) throw new Error(`The ${kind} mail holds no link`);
  return link;
}
