import { createHash, randomBytes } from 'node:crypto';

/** A sign-in at the shell, as the session cookie of next-auth carries it. Holds no token of the provider. */
export interface ShellSession {
  /** Random, and known to the cookie alone: stores keep its hash. */
  readonly handle: string;
  /** `sub` of the provider. */
  readonly subject: string;
  /** `sid` of the provider: the session there, which a back-channel logout names. */
  readonly sid?: string;
  readonly name?: string;
  readonly email?: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds since 1970: whatever is done, the session ends then. */
  readonly endsAt: number;
}

/** The tokens of one sign-in. They stay on the server: in the vault, or in an encrypted HTTP-only cookie. */
export interface ShellTokens {
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly accessTokenEndsAt: number;
  readonly refreshToken?: string;
  /** Of the sign-in; it goes back to the provider as `id_token_hint` when the user signs out. */
  readonly idToken: string;
}

/** Makes a handle that cannot be guessed: 256 bits. */
export function createHandle(): string {
  return randomBytes(32).toString('base64url');
}

/** What stores keep instead of a handle: a stolen table opens no session. */
export function hashOfHandle(handle: string): string {
  return createHash('sha256').update(handle).digest('base64url');
}

/** The part of next-auth's token in which the session stands. */
const member = 'sallyport';

/** Writes a session as the token that next-auth keeps in its cookie. */
export function toSessionToken(session: ShellSession): Record<string, unknown> {
  const { subject, name, email, handle, sid, startedAt, endsAt } = session;
  return { sub: subject, name, email, [member]: { handle, sid, startedAt, endsAt } };
}

/** Reads the token of next-auth's cookie; `undefined` for one that holds no session of ours. */
export function readSessionToken(token: unknown): ShellSession | undefined {
  if (!isRecord(token)) return undefined;
  const { sub, name, email } = token;
  const own = token[member];
  if (typeof sub !== 'string' || !isRecord(own)) return undefined;
  const { handle, sid, startedAt, endsAt } = own;
  if (typeof handle !== 'string' || handle.length < 32) return undefined;
  if (typeof startedAt !== 'number' || typeof endsAt !== 'number') return undefined;
  return {
    handle,
    subject: sub,
    ...(typeof sid === 'string' ? { sid } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof email === 'string' ? { email } : {}),
    startedAt,
    endsAt,
  };
}

/** Writes tokens for sealing. */
export function serializeTokens(tokens: ShellTokens): string {
  return JSON.stringify(tokens);
}

/** Reads what `serializeTokens` wrote; `undefined` for anything else. */
export function parseTokens(text: string | undefined): ShellTokens | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { accessToken, accessTokenEndsAt, refreshToken, idToken } = value;
  if (typeof accessToken !== 'string' || typeof accessTokenEndsAt !== 'number' || typeof idToken !== 'string')
    return undefined;
  return {
    accessToken,
    accessTokenEndsAt,
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    idToken,
  };
}

/** Parses JSON; `undefined` for what is none. */
export function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says whether a value is an object with members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
