import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, UsageError } from '@sallyport/core';
import * as z from 'zod';
import type { KeptSignIn } from './kept-sign-in.ts';
import { postForm, type OAuthServer } from './oauth-server.ts';
import { toKeptSignIn } from './token-answer.ts';

/** What the user has to do. */
export interface DeviceInstructions {
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
}

export interface DeviceSignInOptions {
  readonly server: OAuthServer;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Called once, when there is a code to enter. */
  readonly show: (instructions: DeviceInstructions) => void;
  /** @default real time */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const deviceSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.number(),
  interval: z.number().default(5),
});
/** Between two questions to a gateway that does not answer, in seconds. */
const maxInterval = 60;
const grantType = 'urn:ietf:params:oauth:grant-type:device_code';

/** What each refusal means, and what to do (RFC 8628, section 3.5). */
const refusals: Readonly<Record<string, string>> = {
  access_denied: 'The sign-in was refused on the page. Nothing was kept.',
  expired_token: 'The code was not entered within ten minutes. Run the command again.',
  invalid_client:
    'The gateway does not know this client, or it is disabled. Register one: sallyport oauth-clients create --grant device_code …',
  invalid_grant: 'The sign-in ended before this command got its tokens. Run the command again.',
  invalid_scope: 'The client is not registered for one of the scopes.',
  invalid_target: 'The client is not registered for the address of the gateway: give it --resource, with that address.',
  invalid_request: 'The client is not registered for devices: give it --grant device_code.',
};

/** Signs in by the device flow (RFC 8628). @throws UsageError for every way in which it ends without tokens. */
export async function signInByDevice(options: DeviceSignInOptions): Promise<KeptSignIn> {
  const { server, clientId, scopes, show, wait = (milliseconds) => sleep(milliseconds) } = options;
  const { url } = server;
  const asked = await postForm(url, server.deviceEndpoint, {
    client_id: clientId,
    scope: scopes.join(' '),
    resource: url,
  });
  if (asked.kind === 'refused') throw refused(asked.error);
  const parsed = deviceSchema.safeParse(asked.body);
  if (!parsed.success) throw new UsageError(`${url} gave a code that this command does not understand.`);
  const device = parsed.data;
  show({
    userCode: device.user_code,
    verificationUri: requireOwnPage(url, device.verification_uri),
    verificationUriComplete: requireOwnPage(url, device.verification_uri_complete),
  });
  let interval = device.interval;
  const endsAt = Date.now() + device.expires_in * 1000;
  while (Date.now() < endsAt) {
    await wait(interval * 1000);
    const form = { grant_type: grantType, device_code: device.device_code, client_id: clientId };
    const reply = await postForm(url, server.tokenEndpoint, form).catch(untilLater);
    if (reply === undefined) interval = Math.min(maxInterval, interval * 2);
    else if (reply.kind === 'done') return toKeptSignIn(reply.body, { url, clientId });
    else if (reply.error === 'slow_down') interval += 5;
    else if (reply.error !== 'authorization_pending') throw refused(reply.error);
  }
  throw refused('expired_token');
}

/** A gateway that is restarted while its user types is there again a moment later (RFC 8628, section 3.5). */
function untilLater(error: unknown): undefined {
  if (error instanceof UsageError && error.exitCode === exitCodes.unavailable) return undefined;
  throw error;
}

/** A page of another address would ask for the password there. As a parser writes it: no terminal obeys that. */
function requireOwnPage(url: string, page: string): string {
  const parsed = URL.parse(page);
  if (parsed?.origin === url) return parsed.href;
  throw new UsageError(`${url} leads to a page of another address, where nothing should be entered.`);
}

function refused(error: string): UsageError {
  return new UsageError(refusals[error] ?? `The gateway refused: ${error}.`, exitCodes.refused);
}
