import type { SessionAnswer, ShownUser } from '@sallyport/core';
import type { PageCall } from '../built-in-page.ts';

/** Who is signed in in this browser. What the gateway remembers may be some milliseconds old, so identity is asked. */
export async function findUser({ context, identity }: PageCall): Promise<ShownUser | undefined> {
  if (context.caller.kind === 'anonymous') return undefined;
  const answer = await identity<SessionAnswer>('GET', '/auth/session');
  return answer.kind === 'done' && answer.body.status === 'signed-in' ? answer.body.user : undefined;
}
