/** What `GET /auth/session` says, as far as a tab needs it. */
export type CurrentSession =
  | { readonly status: 'signed-out' }
  | { readonly status: 'signed-in'; readonly userId: string; readonly roles: readonly string[] }
  | { readonly status: 'unknown' };

const unknownSession: CurrentSession = { status: 'unknown' };

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
    return response.ok ? parseCurrentSession(await response.json()) : unknownSession;
  } catch {
    return unknownSession;
  }
}

function parseCurrentSession(value: unknown): CurrentSession {
  if (!isRecord(value)) return unknownSession;
  if (value['status'] === 'signed-out') return { status: 'signed-out' };
  const user = value['user'];
  if (value['status'] !== 'signed-in' || !isRecord(user) || typeof user['id'] !== 'string') return unknownSession;
  const roles = Array.isArray(user['roles']) ? user['roles'].filter((role) => typeof role === 'string') : [];
  return { status: 'signed-in', userId: user['id'], roles };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
