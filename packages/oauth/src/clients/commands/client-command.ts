import { exitCodes, UsageError, type Command, type ServiceCommandContext } from '@sallyport/core';
import type { MadeClient } from '../oauth-clients.ts';
import type { OAuthClient } from '../oauth-client.ts';
import type { OperatorOAuthClients } from '../operator-oauth-clients.ts';
import { toShownClient, type ShownClient } from '../shown-client.ts';

/** What commands on OAuth clients use. */
export interface ClientServices {
  readonly oauthClients: OperatorOAuthClients;
}

export type ClientCommandCall = ServiceCommandContext<ClientServices>;

export type ClientCommand = Command<ClientCommandCall>;

/** What commands show of a client. */
export function showClient(client: OAuthClient): ShownClient {
  return toShownClient(client, new Date());
}

/** @throws UsageError when there is no such client. */
export async function requireClient({ oauthClients }: ClientServices, id: string | undefined): Promise<OAuthClient> {
  const client = id === undefined ? null : await oauthClients.find(id);
  if (client === null)
    throw new UsageError('There is no client of this id. "sallyport oauth-clients list" shows all.', exitCodes.refused);
  return client;
}

/**
 * Demands that the operator has named the client as well: what cannot be undone is not done to the client beside the one
 * that was meant.
 *
 * @throws UsageError
 */
export function requireConfirmed(call: ClientCommandCall, { name }: OAuthClient): void {
  if (call.value('confirm') === name) return;
  const plain = call.toPlainText(name);
  throw new UsageError(
    `This is the client "${plain}". Nothing brings it back: repeat its name to confirm, --confirm "${plain}".`,
    exitCodes.refused,
  );
}

/** Writes a client, and its secret where one was made: alone on the last line, so that a script can take it from there. */
export function reportMade(call: ClientCommandCall, { client, secret }: MadeClient, said: string): void {
  const shown = showClient(client);
  if (secret === undefined) return call.report({ client: shown }, said);
  if (!call.isJson) call.note(`${said} The secret is shown this once.`);
  call.report({ client: shown, secret }, secret);
}
