import type { RouteLimits } from '../../limits/request-limits.ts';
import { routeOf, type RequestState } from '../request-state.ts';

/** Refuses a caller whose session, account or key sends too many requests. Anonymous callers are limited by address alone. */
export function limitByCaller(state: RequestState): undefined {
  const { limits } = routeOf(state);
  if (limits === undefined || state.isRepeated) return;
  if (limits.byCaller.length > 1) askEach(state, limits, 'requireRoom');
  askEach(state, limits, 'take');
}

function askEach(state: RequestState, { byCaller }: RouteLimits, what: 'requireRoom' | 'take'): void {
  for (const { per, limiter } of byCaller) {
    const subject = subjectOf(state, per);
    if (subject !== undefined) limiter[what](subject, state.at);
  }
}

/** The subject that a limit of this kind counts for a request; `undefined` when there is none. */
export function subjectOf({ caller }: RequestState, per: RouteLimits['byCaller'][number]['per']): string | undefined {
  if (caller.kind === 'anonymous') return undefined;
  if (per === 'session') return caller.sid;
  if (per === 'account') return caller.kind === 'user' ? caller.id : undefined;
  return caller.credential === 'api-key' ? caller.clientId : undefined;
}
