import { pollSeconds } from './device-polls.ts';

/**
 * Completes what a device is told (RFC 8628, section 3.2): its user goes to the page at the address for people, also where the
 * device asked at the one for machines, and how often it may ask is said, which the library leaves out.
 */
export function completeDeviceAnswer(body: Record<string, unknown>, page: string): void {
  const complete = new URL(page);
  complete.searchParams.set('user_code', String(body['user_code']));
  Object.assign(body, {
    verification_uri: page,
    verification_uri_complete: complete.href,
    interval: pollSeconds,
  });
}
