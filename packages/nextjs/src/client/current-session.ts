import type { AssuranceLevel } from '@sallyport/core/browser';

/** What `GET /auth/session` says, as far as a tab needs it. */
export type CurrentSession =
  | { readonly status: 'signed-out' }
  | ({
      readonly status: 'signed-in';
      readonly userId: string;
      readonly roles: readonly string[];
    } & SessionOrganization &
      SignInFacts)
  | { readonly status: 'unknown' };

/** The organization that is active, by its id, and the roles inside it; neither where none is. */
export interface SessionOrganization {
  readonly org?: string | undefined;
  readonly orgRoles?: readonly string[] | undefined;
}

interface SignInFacts {
  readonly acr: AssuranceLevel;
  /** Seconds since 1970. */
  readonly authTime: number;
  /** Absent where an older gateway does not say it. */
  readonly expiry?: SessionExpiry;
}

/** How long a session still lived when this was said: durations, because the clock of a browser may be wrong. */
export interface SessionExpiry {
  /** Without another request. */
  readonly idleMilliseconds: number;
  /** Whatever is done. */
  readonly absoluteMilliseconds: number;
  /** How long a request lets it live. */
  readonly idleLimitMilliseconds: number;
}

const unknownSession: CurrentSession = { status: 'unknown' };
const levels: readonly unknown[] = ['pwd', 'mfa', 'phr'] satisfies readonly AssuranceLevel[];

/**
 * Asks the gateway who is signed in to this browser. Does not keep the session alive.
 *
 * @returns `unknown` when it could not be found out: a network or a store that is down signs no user out.
 */
export async function readCurrentSession(fetchSession: typeof fetch = fetch): Promise<CurrentSession> {
  try {
    const response = await fetchSession('/auth/session', {
      headers: { accept: 'application/json' },
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
    });
    return response.ok ? parseCurrentSession(await response.json(), timeOf(response)) : unknownSession;
  } catch {
    return unknownSession;
  }
}

/**
 * Reads the answer of `GET /auth/session`, or an event of the session.
 *
 * @param saidAt when the gateway said it, by its own clock, in milliseconds since 1970.
 */
export function parseCurrentSession(value: unknown, saidAt: number): CurrentSession {
  if (!isRecord(value)) return unknownSession;
  if (value['status'] === 'signed-out') return { status: 'signed-out' };
  const { user, session } = value;
  if (value['status'] !== 'signed-in' || !isRecord(user) || !isRecord(session)) return unknownSession;
  const { id, roles } = user;
  const { acr } = session;
  const authTime = Math.floor(Date.parse(String(session['authTime'])) / 1000);
  const expiry = parseExpiry(session, saidAt);
  if (typeof id !== 'string' || !isLevel(acr) || Number.isNaN(authTime)) return unknownSession;
  return {
    status: 'signed-in',
    userId: id,
    roles: namesIn(roles),
    ...parseOrganization(value['organization']),
    acr,
    authTime,
    ...(expiry === undefined ? {} : { expiry }),
  };
}

function parseOrganization(value: unknown): SessionOrganization {
  if (!isRecord(value) || typeof value['id'] !== 'string') return {};
  return { org: value['id'], orgRoles: namesIn(value['roles']) };
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

/** Reads the times of a session; `undefined` when they are none. */
export function parseExpiry(value: unknown, saidAt: number): SessionExpiry | undefined {
  if (!isRecord(value)) return undefined;
  const idleMilliseconds = Date.parse(String(value['idleExpiresAt'])) - saidAt;
  const absoluteMilliseconds = Date.parse(String(value['absoluteExpiresAt'])) - saidAt;
  const idleLimitMilliseconds = Number(value['idleSeconds']) * 1000;
  const isSound = [idleMilliseconds, absoluteMilliseconds, idleLimitMilliseconds].every(Number.isFinite);
  return isSound ? { idleMilliseconds, absoluteMilliseconds, idleLimitMilliseconds } : undefined;
}

/** When an answer was made, by the clock of the gateway. */
export function timeOf({ headers }: Response): number {
  const at = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(at) ? Date.now() : at;
}

function isLevel(value: unknown): value is AssuranceLevel {
  return levels.includes(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
