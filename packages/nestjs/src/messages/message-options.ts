import type { MessageReplays } from './message-replays.ts';

/** How a service takes messages that were sealed for it. */
export interface MessageOptions {
  /**
   * How long after it was sealed a message is still taken, in seconds, up to an hour: for queues that are worked off later.
   * The authority is that of the moment of sealing; what was revoked since is refused where the service subscribes to
   * `revocations`. @default a message is refused once its token has expired, within a minute
   */
  readonly maxWaitSeconds?: number;
  /**
   * Where it is remembered which messages were taken. `'accept'` takes copies of a message, too: for handlers that do no
   * harm when they run twice. @default the memory of this process
   */
  readonly replays?: MessageReplays | 'accept';
}

/** What is wrong with the option `messages`. */
export function problemOfMessages(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return 'must be an object, such as { maxWaitSeconds: 900 }';
  const { maxWaitSeconds, replays, ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
  if (Object.keys(others).length > 0) return 'has members that are not options';
  if (maxWaitSeconds !== undefined && !isWait(maxWaitSeconds))
    return 'maxWaitSeconds must be a whole number from 1 to 3600';
  if (replays === undefined || replays === 'accept') return undefined;
  const isMemory = typeof replays === 'object' && replays !== null && 'claim' in replays;
  return isMemory && typeof replays.claim === 'function'
    ? undefined
    : "replays must have the method claim, or be 'accept'";
}

/** An hour: keys that signed are published for longer than that after others took their place, by default. */
function isWait(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 3600;
}
