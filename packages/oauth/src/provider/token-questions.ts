import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { RequestContext } from '@sallyport/core';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { formOfToken } from './provider-tokens.ts';
import type { StructuredTokens } from './structured-tokens.ts';

export interface TokenQuestionParts {
  readonly clients: Pick<ClientRegistry['clients'], 'find' | 'verifySecret'>;
  readonly structuredTokens: StructuredTokens;
  readonly contextOf: (ctx: KoaContextWithOIDC) => RequestContext;
}

/** What clients ask about their tokens, and how they give them up, where the library does not say it as it should be said. */
export interface TokenQuestions {
  /** Listens to what the library refuses. */
  watch(provider: Provider): void;
  /** Changes the answer of the library at one of those two addresses, where it has to be another one. */
  finish(ctx: KoaContextWithOIDC): Promise<void>;
}

const form = 'application/x-www-form-urlencoded';
const basic = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Builds it. */
export function createTokenQuestions({ clients, structuredTokens, contextOf }: TokenQuestionParts): TokenQuestions {
  const aboutStructuredTokens = new WeakSet<object>();

  /** RFC 6749, section 2.3.1: a client that proves itself in the header is known, whatever is wrong with the body. */
  const isKnownByHeader = async ({ headers }: KoaContextWithOIDC): Promise<boolean> => {
    const presented = readBasic(headers.authorization);
    const client = presented === undefined ? null : await clients.find(presented.id);
    if (presented === undefined || client === null || client.disabledAt !== undefined) return false;
    if (client.authentication !== 'client_secret_basic' && client.authentication !== 'client_secret_post') return false;
    return clients.verifySecret(client, presented.secret);
  };

  /** The library reads the body before it looks at who sends it. A caller that proved nothing is told nothing else. */
  const refuseWithoutClient = async (ctx: KoaContextWithOIDC): Promise<void> => {
    if (!(await isKnownByHeader(ctx))) return refuseUnknownClient(ctx);
    if (ctx.get('content-type') !== '' && ctx.is(form) === false) ctx.status = 415;
  };

  const answerAboutStructuredToken = async (ctx: KoaContextWithOIDC, client: AskingClient): Promise<void> => {
    const token = String(ctx.oidc.params?.['token']);
    if (ctx.oidc.route === 'introspection') {
      // RFC 7662, section 2.1: who has no proof of its own is told nothing.
      const isPublic = client.clientAuthMethod === 'none';
      ctx.status = 200;
      ctx.body = isPublic ? { active: false } : await structuredTokens.introspect(token, client.clientId);
      return;
    }
    switch (await structuredTokens.revoke(token, client.clientId, contextOf(ctx))) {
      case 'ended':
        ctx.status = 200;
        ctx.body = '';
        return;
      case 'not-its-own':
        ctx.body = {
          error: 'invalid_request',
          error_description: 'client is not authorized to revoke the presented token',
        };
        return;
      case 'cannot-be-ended':
        ctx.body = {
          error: 'unsupported_token_type',
          error_description: 'this access token cannot be ended before it expires',
        };
    }
  };

  return {
    watch(provider) {
      const note = ({ req }: KoaContextWithOIDC, error: Error): void => {
        if (error instanceof errors.UnsupportedTokenType) aboutStructuredTokens.add(req);
      };
      provider.on('introspection.error', note);
      provider.on('revocation.error', note);
    },
    async finish(ctx) {
      const { client } = ctx.oidc;
      if (client === undefined) return ctx.status === 400 ? refuseWithoutClient(ctx) : undefined;
      if (aboutStructuredTokens.has(ctx.req) || isAboutExchangedToken(ctx))
        await answerAboutStructuredToken(ctx, client);
    },
  };
}

/** The library takes a token under the grant of another client for one of that client. */
function isAboutExchangedToken({ oidc, status, body }: KoaContextWithOIDC): boolean {
  const isInactive = typeof body === 'object' && body !== null && 'active' in body && body.active === false;
  if (oidc.route !== 'introspection' || status !== 200 || !isInactive) return false;
  return formOfToken(String(oidc.params?.['token'])) === 'access-token';
}

interface AskingClient {
  readonly clientId: string;
  readonly clientAuthMethod?: string | undefined;
}

/** Who names no client has not authenticated (RFC 6749, section 5.2), whatever else is wrong with the request. */
function refuseUnknownClient(ctx: KoaContextWithOIDC): void {
  ctx.status = 401;
  ctx.set('www-authenticate', 'Basic realm="sallyport", charset="UTF-8"');
  ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
}

function readBasic(authorization: string | undefined): { readonly id: string; readonly secret: string } | undefined {
  const [, encoded] = basic.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  try {
    return colon < 1 ? undefined : { id: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

/** Both are written as in a form before they are encoded. */
function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', '%20'));
}
