import { exitCodes, SallyportError, UsageError, type CommandOption } from '@sallyport/core';
import type { ServiceAccount } from '../service-accounts.ts';
import type { ApiKeyCommand, ApiKeyServices } from './api-key-command.ts';
import { requireService } from './find-owner.ts';

const certificateOption: CommandOption = {
  value: 'name',
  describe: 'The name in its certificate: a SPIFFE id, or the subject such as "CN=billing,O=Acme"',
};

/** Makes an account for a program. */
export const createService: ApiKeyCommand = {
  name: 'service-accounts create',
  summary: 'Makes an account for a program: it cannot sign in, and calls with API keys or a certificate',
  operands: ['<name>', '<roles…>'],
  options: { certificate: certificateOption },
  run: (call) =>
    call.withServices('writes', async (services) => {
      const [name = '', ...roles] = call.operands;
      await requireRoles(services, roles);
      const service = await takeCertificate(() =>
        services.apiKeys.createService(name, roles, call.value('certificate')),
      );
      const called = service.certificate === null ? '' : ` It is called by ${call.toPlainText(service.certificate)}.`;
      call.report({ service }, `${service.name} has the roles ${service.roles.join(', ')}.${called}`);
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
            ['NAME', 'ROLES', 'CERTIFICATE', 'STATE', 'ID'],
            services.map(({ name, roles, certificate, isDisabled, id }) => [
              name,
              roles.join(' '),
              call.toPlainText(certificate ?? ''),
              isDisabled ? 'disabled' : '',
              id,
            ]),
          ),
        );
      call.note(services.length === 1 ? 'One service account.' : `${services.length} service accounts.`);
      return exitCodes.done;
    }),
};

/** Gives an account of a program another certificate, or none. */
export const updateService: ApiKeyCommand = {
  name: 'service-accounts update',
  summary: 'Gives a service account the name of another certificate, or of none',
  operands: ['<name>'],
  options: {
    certificate: certificateOption,
    'no-certificate': { describe: 'Takes it away: the account calls with API keys alone' },
  },
  notes: [
    'What was called with the certificate before ends at once. Routes open certificates by credentials: ["mtls"].',
  ],
  run: async (call) => {
    const certificate = call.value('certificate');
    if ((certificate === undefined) !== call.has('no-certificate'))
      throw new UsageError('Say which: either --certificate <name> or --no-certificate.', exitCodes.usage);
    return call.withServices('writes', async (services) => {
      const before = await requireService(services, call.operands[0]);
      const service = await takeCertificate(() =>
        services.apiKeys.setServiceCertificate(before.id, certificate ?? null),
      );
      const text =
        service.certificate === null
          ? `${service.name} is called by no certificate any more.`
          : `${service.name} is called by ${call.toPlainText(service.certificate)}.`;
      call.report({ service, before: before.certificate }, text);
      return exitCodes.done;
    });
  },
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

/** Says in a sentence what is wrong with a name, which an operator copies from elsewhere. */
async function takeCertificate(work: () => Promise<ServiceAccount>): Promise<ServiceAccount> {
  try {
    return await work();
  } catch (error) {
    const { errors = [] } = error instanceof SallyportError ? error : {};
    const found = errors.find(({ field }) => field === 'certificate');
    if (found === undefined) throw error;
    throw new UsageError(`The certificate ${found.message}.`, exitCodes.refused);
  }
}

async function requireRoles({ accounts }: ApiKeyServices, roles: readonly string[]): Promise<void> {
  const unknown = await accounts.unknownRoles(roles);
  if (unknown.length === 0) return;
  throw new UsageError(`The policy has no role "${unknown.join('", "')}".`, exitCodes.refused);
}
