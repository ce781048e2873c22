import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { SallyportError, type ProviderSignInAnswer } from '@sallyport/core';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderCookie } from './provider-cookies.ts';
import type { NewFlow, ProviderFlow, ProviderFlows } from './provider-flow.ts';

export interface FlowParts {
  readonly publicUrl: string;
  readonly clients: ReadonlyMap<string, ProviderClient>;
  readonly flows: ProviderFlows;
  readonly flowCookie: ProviderCookie;
}

/** The client of a provider. @throws SallyportError `SP_NOT_FOUND` for one that the configuration does not have. */
export function requireClient({ clients }: Pick<FlowParts, 'clients'>, id: string): ProviderClient {
  const client = clients.get(id);
  if (client === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'provider-unknown' });
  return client;
}

/**
 * Begins a flow in the browser of a request: its cookie, and the page of the provider that comes next. Rejects with
 * `SP_NOT_FOUND`, `SP_PROVIDER_UNAVAILABLE`.
 */
export async function beginFlow(
  parts: FlowParts,
  c: Context<IdentityEnvironment>,
  wanted: NewFlow,
): Promise<ProviderSignInAnswer> {
  const client = requireClient(parts, wanted.provider);
  const { flow, sealed } = parts.flows.begin(wanted);
  // Only the hash of the verifier leaves this process.
  const url = await client.authorizationUrl({ ...requestOf(parts, flow), codeChallenge: challengeOf(flow) });
  c.header('set-cookie', parts.flowCookie.write(sealed), { append: true });
  return { location: url.href };
}

/** What both requests of a flow tell the provider. */
export function requestOf({ publicUrl }: Pick<FlowParts, 'publicUrl'>, flow: ProviderFlow) {
  const { state, nonce, codeVerifier, provider, purpose } = flow;
  const redirectUri = `${new URL(publicUrl).origin}/auth/callback/${provider}`;
  return { redirectUri, state, nonce, codeVerifier, isFresh: purpose === 'confirm' };
}

function challengeOf({ codeVerifier }: Pick<ProviderFlow, 'codeVerifier'>): string {
  return createHash('sha256').update(codeVerifier).digest('base64url');
}
