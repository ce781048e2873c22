import { callerOf } from '../request-caller.ts';
import { memberOf } from '../transports/guarded-transport.ts';

/**
 * Counts requests by caller instead of by address, for `@nestjs/throttler`: behind the gateway every request comes from
 * one address. An anonymous caller is counted by `req.ip`.
 *
 * The caller is known after the guard of Sallyport ran: bind `ThrottlerGuard` in a module that is imported after
 * `SallyportModule`, or with `@UseGuards`.
 *
 * @example
 * `ThrottlerModule.forRoot({ throttlers: [{ ttl: 60_000, limit: 100 }], getTracker: trackByCaller })`
 */
export function trackByCaller(request: object): string {
  const caller = callerOf(request);
  if (caller.kind !== 'anonymous') return `${caller.kind}:${caller.id}`;
  const address = memberOf(request, 'ip');
  return `address:${typeof address === 'string' ? address : 'unknown'}`;
}
