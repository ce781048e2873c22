import type { AssuranceLevel } from '../principal/principal.ts';

/** Where a browser hears what becomes of its session, as server-sent events. */
export const sessionEventsPath = '/auth/session/events';

/** Where a user who is still there says so: keeps the session alive as a request on a route does. */
export const sessionExtensionPath = '/auth/session/extend';

/**
 * The data of the event `session` at `GET /auth/session/events`: the session as the gateway knows it. The members are those of
 * `GET /auth/session`. Times are ISO 8601.
 */
export interface SessionEvent {
  readonly status: 'signed-in';
  /** When this was said, by the clock of the gateway. */
  readonly at: string;
  readonly user: { readonly id: string; readonly roles: readonly string[] };
  /** The organization that is active, and the roles inside it; absent for none. The gateway does not know its name. */
  readonly organization?: { readonly id: string; readonly roles: readonly string[] };
  readonly session: SessionTimes & { readonly acr: AssuranceLevel; readonly authTime: string };
}

/** `POST /auth/session/extend`: until when the session lives. */
export interface SessionTimes {
  readonly idleExpiresAt: string;
  readonly absoluteExpiresAt: string;
  /** How far each request moves `idleExpiresAt`. */
  readonly idleSeconds: number;
}
