import type { ActingAccounts } from '../../accounts/acting-accounts.ts';
import type { Authority } from '../../accounts/authority.ts';
import type { User, UserTable } from '../../accounts/user-table.ts';
import { isOperator, type AuditContext } from '../../events/audit-context.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { AdministrationMail } from './administration-mails.ts';

export interface AuthorityMailParts {
  readonly authority: Authority;
  readonly users: UserTable;
  readonly actingAccounts: Pick<ActingAccounts, 'find'>;
  readonly mailer: AccountMailer<AdministrationMail>;
}

/** An account that can manage others from now on. */
export interface AddedManager {
  readonly id?: string;
  readonly email: string;
}

/** Tells people what became of the authority over accounts, after it is durable. */
export interface AuthorityMails {
  /** Tells the owner of an account that its roles changed. */
  tellOwner(user: User, context: AuditContext): Promise<void>;
  /** Tells those who manage accounts that another one can. */
  tellManagers(added: AddedManager, context: AuditContext): Promise<void>;
}

/** Managers that are told of one change: where there are more, such mails are not read. */
const maxTold = 50;

export function createAuthorityMails(parts: AuthorityMailParts): AuthorityMails {
  const { authority, users, actingAccounts, mailer } = parts;
  const nameOf = async ({ actor }: AuditContext): Promise<string> => {
    if (actor === undefined || isOperator(actor)) return 'an operator of the system';
    const user = await users.findById(actor);
    return user?.email ?? (await actingAccounts.find(actor))?.name ?? 'an administrator';
  };
  return {
    async tellOwner(user, context) {
      await mailer.send('roles-changed', user, '', { roles: user.roles, by: await nameOf(context) });
    },
    async tellManagers({ id, email }, context) {
      const facts = { account: email, by: await nameOf(context) };
      const managers = await authority.managers(maxTold);
      for (const manager of managers) if (manager.id !== id) await mailer.send('manager-added', manager, '', facts);
    },
  };
}
