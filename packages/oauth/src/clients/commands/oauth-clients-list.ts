import { exitCodes, UsageError } from '@sallyport/core';
import { clientKinds, toShortGrantType } from '../oauth-client.ts';
import { requireClient, showClient, type ClientCommand } from './client-command.ts';

/** Lists the OAuth clients. */
export const listClients: ClientCommand = {
  name: 'oauth-clients list',
  summary: 'Lists the OAuth clients; no secret is shown',
  options: { kind: { value: 'kind', describe: `Those of one kind: ${clientKinds.join(', ')}` } },
  notes: ['With --json each client is one line.'],
  run: (call) => {
    const kind = call.value('kind');
    if (kind !== undefined && !clientKinds.some((known) => known === kind))
      throw new UsageError(`--kind takes one of: ${clientKinds.join(', ')}.`, exitCodes.usage);
    return call.withServices('reads', async ({ oauthClients }) => {
      const all = await oauthClients.list();
      const clients = all.filter((client) => kind === undefined || client.kind === kind).map(showClient);
      if (call.isJson) for (const client of clients) call.report(client, '');
      else if (clients.length > 0)
        call.report(
          null,
          call.toTable(
            ['ID', 'NAME', 'TRUST', 'KIND', 'AUTHENTICATION', 'GRANTS', 'STATE'],
            clients.map((client) => [
              client.id,
              client.name,
              client.trust,
              client.kind,
              client.authentication,
              client.grantTypes.map(toShortGrantType).join(' '),
              client.disabledAt === null ? '' : 'disabled',
            ]),
          ),
        );
      call.note(clients.length === 1 ? 'One client.' : `${clients.length} clients.`);
      return exitCodes.done;
    });
  },
};

/** Shows one of them. */
export const showOneClient: ClientCommand = {
  name: 'oauth-clients show',
  summary: 'Shows an OAuth client; its secret is not shown',
  operands: ['<id>'],
  run: (call) =>
    call.withServices('reads', async (services) => {
      const client = showClient(await requireClient(services, call.operands[0]));
      const rows = Object.entries(client).flatMap(([field, value]) =>
        value === null || (Array.isArray(value) && value.length === 0) ? [] : [[field, toText(value)]],
      );
      call.report({ client }, call.toTable(['FIELD', 'VALUE'], rows));
      return exitCodes.done;
    }),
};

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
}
