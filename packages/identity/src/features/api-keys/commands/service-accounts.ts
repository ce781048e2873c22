import { exitCodes, UsageError } from '@sallyport/core';
import type { ApiKeyCommand, ApiKeyServices } from './api-key-command.ts';
import { requireService } from './find-owner.ts';

/** Makes an account for a program. */
export const createService: ApiKeyCommand = {
  name: 'service-accounts create',
  summary: 'Makes an account for a program: it cannot sign in, and calls with API keys',
  operands: ['<name>', '<roles…>'],
  run: (call) =>
    call.withServices('writes', async (services) => {
      const [name = '', ...roles] = call.operands;
      await requireRoles(services, roles);
      const service = await services.apiKeys.createService(name, roles);
      call.report({ service }, `${service.name} has the roles ${service.roles.join(', ')}.`);
      return exitCodes.done;
    }),
};

/** Lists the accounts of programs. */
export const listServices: ApiKeyCommand = {
  name: 'service-accounts list',
  summary: 'Lists the accounts of programs',
  notes: ['With --json each account is one line.'],
  run: (call) =>
    call.withServices('reads', async ({ apiKeys }) => {
      const services = await apiKeys.listServices();
      if (call.isJson) for (const service of services) call.report(service, '');
      else if (services.length > 0)
        call.report(
          null,
          call.toTable(
            ['NAME', 'ROLES', 'STATE', 'ID'],
            services.map(({ name, roles, isDisabled, id }) => [
              name,
              roles.join(' '),
              isDisabled ? 'disabled' : '',
              id,
            ]),
          ),
        );
      call.note(services.length === 1 ? 'One service account.' : `${services.length} service accounts.`);
      return exitCodes.done;
    }),
};

/** Replaces the roles of an account of a program. */
export const setServiceRoles: ApiKeyCommand = {
  name: 'service-accounts set-roles',
  summary: 'Replaces the roles of a service account; its keys follow at once',
  operands: ['<name>', '<roles…>'],
  run: (call) =>
    call.withServices('writes', async (services) => {
      const [name, ...roles] = call.operands;
      await requireRoles(services, roles);
      const before = await requireService(services, name);
      const service = await services.apiKeys.setServiceRoles(before.id, roles);
      const text = `${service.name} has the roles ${service.roles.join(', ')} (before: ${before.roles.join(', ')}).`;
      call.report({ service, before: before.roles }, text);
      return exitCodes.done;
    }),
};

async function requireRoles({ accounts }: ApiKeyServices, roles: readonly string[]): Promise<void> {
  const unknown = await accounts.unknownRoles(roles);
  if (unknown.length === 0) return;
  throw new UsageError(`The policy has no role "${unknown.join('", "')}".`, exitCodes.refused);
}
