import { UsageError, type CommandOption } from '@sallyport/core';
import type { CommandCall } from '../command.ts';
import { createKeptSignIns, type KeptSignIns } from './kept-sign-in.ts';
import { parseGatewayUrl } from './oauth-server.ts';

/** Where the demo is, and a gateway under development. */
const usualUrl = 'http://localhost:3000';

export const urlOption: CommandOption = {
  value: 'url',
  describe: `Address of the gateway; SALLYPORT_URL, the one that was used last, or ${usualUrl}`,
};

/** The gateway that a command is about, and the sign-ins of this user. */
export interface ChosenGateway {
  readonly url: string;
  readonly kept: KeptSignIns;
}

/** Finds out which gateway is meant. @throws UsageError for an address that is none. */
export function chooseGateway(call: CommandCall): ChosenGateway {
  const { environment } = call.terminal;
  const kept = createKeptSignIns(environment);
  const url = parseGatewayUrl(call.value('url') ?? environment['SALLYPORT_URL'] ?? kept.last()?.url ?? usualUrl);
  return { url, kept };
}

/** The client that signs in. @throws UsageError where none is known. */
export function chooseClient(call: CommandCall, { url, kept }: ChosenGateway): string {
  const last = kept.last();
  const remembered = kept.read(url)?.clientId ?? (last?.url === url ? last.clientId : undefined);
  const clientId = call.value('client') ?? call.terminal.environment['SALLYPORT_CLIENT_ID'] ?? remembered;
  if (clientId !== undefined) return clientId;
  throw new UsageError(
    'Which client is this? Name it by --client or SALLYPORT_CLIENT_ID. "npm start" shows the one of the demo; elsewhere: sallyport oauth-clients create --grant device_code …',
  );
}
