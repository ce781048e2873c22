import { SallyportError } from '@sallyport/core';
import type { AttemptLimiter } from '../../accounts/attempt-limiter.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { isHarmlessName } from '../../mail/greeting.ts';
import type { OrganizationSettings } from './organization-config.ts';
import type { OrganizationMail } from './organization-mails.ts';

/** A mail to send, once what it speaks of is stored. */
export interface ReservedInvitationMail {
  send(token: string, facts: { readonly organization: string; readonly by: string | undefined }): void;
  /** It is not sent after all, and does not count. */
  giveBack(): Promise<void>;
}

/** Whom a mail is to reach, and who causes it. */
export interface InvitationMailRequest {
  readonly email: string;
  readonly inviterId: string;
  readonly organizationId: string;
}

/**
 * Takes one of the mails that a member, an organization and an address may cause and get. Rejects with
 * `SP_TOO_MANY_ATTEMPTS`: the same for an address that has an account and for one that has none.
 */
export type ReserveInvitationMail = (request: InvitationMailRequest) => Promise<ReservedInvitationMail>;

export interface InvitationMailerParts {
  readonly settings: OrganizationSettings;
  readonly attempts: AttemptLimiter;
  readonly mailer: AccountMailer<OrganizationMail>;
}

const daySeconds = 86_400;
/** Of `AccountMailer`: an address gets so many of a kind within an hour. */
const addressWindowSeconds = 3600;

/** Builds what sends invitations. */
export function createReserveInvitationMail(parts: InvitationMailerParts): ReserveInvitationMail {
  const { settings, attempts, mailer } = parts;
  const { perInviterAndDay, perOrganizationAndDay } = settings.invitations;
  const budget = (name: string, subject: string, maxFailures: number) => ({
    name,
    subject,
    limit: { maxFailures, windowSeconds: daySeconds },
  });
  return async ({ email, inviterId, organizationId }) => {
    const attempt = await attempts.begin([
      budget('invitations-of-member', inviterId, perInviterAndDay),
      budget('invitations-of-organization', organizationId, perOrganizationAndDay),
    ]);
    if (attempt.kind === 'limited') throw tooMany('invitation-limit', attempt.retryAfterSeconds);
    // As to a stranger, for every reader: a mail says nothing of an account.
    const send = await mailer.reserve('organization-invitation', { name: '', email, emailVerified: false });
    if (send === null) {
      await attempt.giveBack();
      throw tooMany('invitation-address-limit', addressWindowSeconds);
    }
    return {
      send: (token, { organization, by }) => {
        attempt.failed();
        send(token, { organization, ...(by === undefined || !isHarmlessName(by) ? {} : { by }) });
      },
      giveBack: () => attempt.giveBack(),
    };
  };
}

function tooMany(reason: string, retryAfterSeconds: number): SallyportError {
  return new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason, retryAfterSeconds });
}
