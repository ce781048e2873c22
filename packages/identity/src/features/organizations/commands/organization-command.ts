import { exitCodes, SallyportError, UsageError, type Command, type ServiceCommandContext } from '@sallyport/core';
import { toEmailAddress } from '../../../accounts/email-address.ts';
import type { OperatedOrganization, OperatorOrganizations } from '../operator-organizations.ts';

/** What commands on organizations use of identity. */
export interface OrganizationServices {
  readonly organizations: OperatorOrganizations;
  readonly accounts: { findByEmail(email: string): Promise<{ readonly id: string; readonly email: string } | null> };
}

export type OrganizationCommand = Command<ServiceCommandContext<OrganizationServices>>;

/** @throws UsageError when there is no such organization. */
export async function requireOrganization(
  { organizations }: Pick<OrganizationServices, 'organizations'>,
  id: string | undefined,
): Promise<OperatedOrganization> {
  const organization = id === undefined ? null : await organizations.find(id);
  if (organization !== null) return organization;
  throw new UsageError(
    'There is no organization with this id. "sallyport organizations list" shows all.',
    exitCodes.refused,
  );
}

/** @throws UsageError when no account has the address. */
export async function requireAccount(
  { accounts }: Pick<OrganizationServices, 'accounts'>,
  email: string | undefined,
): Promise<{ readonly id: string; readonly email: string }> {
  const user = email === undefined ? null : await accounts.findByEmail(toEmailAddress(email) ?? email.trim());
  if (user !== null) return user;
  throw new UsageError('No account has this email address. "sallyport users list" shows all.', exitCodes.refused);
}

/** Says in a sentence why a change is refused, where it is one. */
export async function explainRefusal<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    if (error.code === 'SP_LAST_OWNER')
      throw new UsageError(
        'This is the last owner of the organization. Make another member an owner first, or delete the organization.',
        exitCodes.refused,
      );
    throw error;
  }
}

/** What commands show of an organization. */
export function toShownOrganization({ organizationId: id, name, createdAt, members }: OperatedOrganization) {
  return { id, name, createdAt, members };
}
