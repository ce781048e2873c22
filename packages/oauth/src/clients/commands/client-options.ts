import { readFileSync } from 'node:fs';
import { exitCodes, UsageError, type CommandOption } from '@sallyport/core';
import {
  clientAuthentications,
  clientKinds,
  clientTrusts,
  dpopDemands,
  grantTypes,
  toShortGrantType,
} from '../oauth-client.ts';
import type { ClientCommandCall } from './client-command.ts';

const words = (of: readonly string[]): string => of.join(', ');

/** How commands say what a client is. */
export const registrationOptions = {
  trust: { value: 'trust', describe: `${words(clientTrusts)}: a first-party client asks for no consent` },
  kind: { value: 'kind', describe: `${words(clientKinds)}: an agent is listed beside the sessions of its users` },
  authentication: { value: 'method', describe: `How it proves itself: ${words(clientAuthentications)}` },
  grant: { value: 'type', describe: `A grant type: ${words(grantTypes.map(toShortGrantType))}`, isRepeatable: true },
  'redirect-uri': {
    value: 'uri',
    describe: 'Where sign-ins lead back to, character by character',
    isRepeatable: true,
  },
  'post-logout-redirect-uri': { value: 'uri', describe: 'Where sign-outs lead back to', isRepeatable: true },
  scope: { value: 'scope', describe: 'openid, profile, email, offline_access or a permission', isRepeatable: true },
  resource: { value: 'uri', describe: 'What its access tokens may be for (RFC 8707)', isRepeatable: true },
  serves: {
    value: 'uri',
    describe: 'A resource that it is itself: tokens for it may be exchanged by it (RFC 8693)',
    isRepeatable: true,
  },
  'backchannel-logout-uri': { value: 'uri', describe: 'Where it is told that a sign-in is over' },
  'jwks-file': { value: 'path', describe: 'A file with its public keys (JWK Set), for private_key_jwt' },
  'jwks-uri': { value: 'uri', describe: 'Where its public keys are, for private_key_jwt' },
  homepage: { value: 'uri', describe: 'Shown where people are asked for consent' },
  'logo-uri': { value: 'uri', describe: 'A picture, shown there too' },
  dpop: {
    value: 'demand',
    describe: `${words(dpopDemands)}: whether its tokens are always bound to a key of its own (RFC 9449)`,
  },
  'require-pushed-requests': {
    value: 'yes or no',
    describe: 'Whether its authorization requests have to be pushed (RFC 9126)',
  },
  'certificate-bound-tokens': {
    value: 'yes or no',
    describe: 'Whether its access tokens work with its certificate alone (RFC 8705)',
  },
  'certificate-name': {
    value: 'name',
    describe: 'The name in its certificate, for tls_client_auth: dn:, dns:, uri:, ip: or email: and the name',
  },
} as const satisfies Readonly<Record<string, CommandOption>>;

const lists = {
  grant: 'grantTypes',
  'redirect-uri': 'redirectUris',
  'post-logout-redirect-uri': 'postLogoutRedirectUris',
  scope: 'scopes',
  resource: 'resources',
  serves: 'serves',
} as const;
const texts = {
  name: 'name',
  trust: 'trust',
  kind: 'kind',
  authentication: 'authentication',
  'backchannel-logout-uri': 'backchannelLogoutUri',
  'jwks-uri': 'jwksUri',
  homepage: 'homepage',
  'logo-uri': 'logoUri',
  dpop: 'dpop',
  'certificate-name': 'certificateName',
} as const;
const choices = {
  'require-pushed-requests': 'requirePushedRequests',
  'certificate-bound-tokens': 'certificateBoundTokens',
} as const;

/**
 * Reads what was said of a client: the fields that were given, and no others. Whether they are right is for the server to
 * say, which answers with the field.
 *
 * @throws UsageError for a file that cannot be read, and for what is neither "yes" nor "no".
 */
export function readRegistration(call: ClientCommandCall): Readonly<Record<string, unknown>> {
  const jwksFile = call.value('jwks-file');
  return {
    ...pick(lists, (option) => (call.has(option) ? call.values(option) : undefined)),
    ...pick(texts, (option) => call.value(option)),
    ...pick(choices, (option) => readChoice(option, call.value(option))),
    ...(jwksFile === undefined ? {} : { jwks: readKeySet(call.resolvePath(jwksFile)) }),
  };
}

function pick(
  fields: Readonly<Record<string, string>>,
  read: (option: string) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([option, field]) => {
      const value = read(option);
      return value === undefined ? [] : [[field, value]];
    }),
  );
}

function readChoice(option: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value !== 'yes' && value !== 'no') throw new UsageError(`--${option} must be "yes" or "no".`, exitCodes.usage);
  return value === 'yes';
}

function readKeySet(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError('--jwks-file names no file that can be read as JSON.', exitCodes.usage);
  }
}
