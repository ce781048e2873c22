import {
  freezePrincipal,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Authenticator,
  type LiveSession,
  type SessionDirectory,
} from '@sallyport/core';
import { firstPartyClientId } from '../../sessions/first-party-client.ts';
import { hasOpaqueTokenForm, type OpaqueToken, type OpaqueTokens } from './opaque-token.ts';

export interface OpaqueAuthenticatorParts {
  readonly tokens: OpaqueTokens;
  readonly directory: Pick<SessionDirectory, 'bySid'>;
  readonly now: () => Date;
}

/** `Bearer` and what begins as such a token does: a JWT is another credential. */
const opaqueForm = /^bearer +(sp_at_.*)$/i;
const handleForm = /^([\w-]{22})\.(\d{1,10})$/;
/** Stands for whatever is no token by its form, so that it is neither looked up nor remembered one by one. */
const malformed = 'malformed';

/**
 * Builds what recognizes opaque access tokens at the gateway: `Authorization: Bearer sp_at_…`. What is no token by its
 * form, its checksum and its authentication code is refused before any store is read.
 *
 * Its caller is the session of its sign-in as it is when it is looked up: roles and permissions are those of then. The
 * gateway remembers that until it hears what ends or changes it. Nothing of it can be found out while the store is away.
 */
export function createOpaqueAuthenticator({ tokens, directory, now }: OpaqueAuthenticatorParts): Authenticator {
  const isOver = ({ expiresAt }: OpaqueToken): boolean => now().getTime() >= expiresAt * 1000;

  const lookUp = async (token: OpaqueToken): Promise<AuthenticatedCaller | null> => {
    const session = await directory.bySid(token.family);
    // The session of a browser is opened by its cookie alone.
    return session?.principal.credential === 'bearer' ? toCaller(session.principal, token) : null;
  };

  return {
    kind: 'opaque',
    alwaysReadsStore: true,
    recognize: ({ header, value }) => {
      const token = header === 'authorization' ? opaqueForm.exec(value)?.[1] : undefined;
      return token === undefined || hasOpaqueTokenForm(token) ? token : malformed;
    },
    async authenticate(text) {
      const token = tokens.read(text);
      if (token === undefined) return rejected('opaque-token-unknown');
      if (isOver(token)) return { kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' };
      const caller = await lookUp(token);
      return caller === null ? rejected('session-ended') : { kind: 'authenticated', caller };
    },
    async recheck(credentialId) {
      const [, family, end] = handleForm.exec(credentialId) ?? [];
      if (family === undefined) return null;
      const token = { family, expiresAt: Number(end) };
      return isOver(token) ? null : lookUp(token);
    },
  };
}

function toCaller(principal: LiveSession['principal'], { family, expiresAt }: OpaqueToken): AuthenticatedCaller {
  return {
    principal: freezePrincipal({ ...principal, clientId: firstPartyClientId, credential: 'opaque' }),
    credentialId: `${family}.${expiresAt}`,
    // Its user and its session end it, as they end every caller.
    endedBy: [],
    expiresAt: new Date(expiresAt * 1000),
  };
}

function rejected(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
