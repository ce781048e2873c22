import { exitCodes, UsageError, type CommandOption } from '@sallyport/core';
import { toEmailAddress } from '../../../accounts/email-address.ts';
import type { OwnerRef } from '../api-key-table.ts';
import type { ServiceAccount } from '../service-accounts.ts';
import type { ApiKeyCommandCall, ApiKeyServices } from './api-key-command.ts';

/** An owner that was named on the command line. */
export interface NamedOwner extends OwnerRef {
  /** The email address, or the name of the service account. */
  readonly name: string;
}

/** How a command names the owner of keys. */
export const ownerOptions: Readonly<Record<'user' | 'service', CommandOption>> = {
  user: { value: 'email', describe: 'The account that owns the key, by its email address' },
  service: { value: 'name', describe: 'The service account that owns the key, by its name' },
};

/** Demands that one owner is named, and not two. @throws UsageError */
export function requireOneOwner(call: ApiKeyCommandCall): void {
  if (call.has('user') === call.has('service'))
    throw new UsageError('Name the owner: either --user <email> or --service <name>.', exitCodes.usage);
}

/** @throws UsageError when there is no such owner. */
export async function findOwner(call: ApiKeyCommandCall, services: ApiKeyServices): Promise<NamedOwner> {
  const serviceName = call.value('service');
  if (serviceName !== undefined) {
    const { id, name } = await requireService(services, serviceName);
    return { kind: 'service', id, name };
  }
  const email = call.value('user') ?? '';
  const user = await services.accounts.findByEmail(toEmailAddress(email) ?? email.trim());
  if (user === null)
    throw new UsageError('No account has this email address. "sallyport users list" shows all.', exitCodes.refused);
  return { kind: 'user', id: user.id, name: user.email };
}

/** @throws UsageError when no service account has the name. */
export async function requireService(
  { apiKeys }: Pick<ApiKeyServices, 'apiKeys'>,
  name: string | undefined,
): Promise<ServiceAccount> {
  const service = name === undefined ? null : await apiKeys.findService(name);
  if (service === null)
    throw new UsageError(
      'There is no service account of this name. "sallyport service-accounts list" shows all.',
      exitCodes.refused,
    );
  return service;
}
