import type { Artifacts } from '../provider/artifacts.ts';
import * as z from 'zod';

/** How many seconds a device waits between two questions (RFC 8628, section 3.2). */
export const pollSeconds = 5;
/** What a device that asks too early has to wait longer from then on (RFC 8628, section 3.5). */
const slowDownSeconds = 5;
const maxPollSeconds = 60;
/** Of devices that count from when they asked, over networks that are not always as slow. */
const toleranceMilliseconds = 1000;

/** How often devices ask whether their users have answered. */
export interface DevicePolls {
  /** Notes a question, at whichever gateway it is asked. Resolves to whether it comes too early. */
  note(deviceCode: string, expiresAt: Date): Promise<'in-time' | 'too-early'>;
}

const pollSchema = z.object({ at: z.number(), intervalSeconds: z.number() });

/** Builds it on the artifacts: one row for each device that asks, deleted with its code. */
export function createDevicePolls(artifacts: Artifacts, now: () => Date): DevicePolls {
  return {
    async note(deviceCode, expiresAt) {
      const name = { kind: 'DevicePoll', id: deviceCode } as const;
      const at = now().getTime();
      const stored = await artifacts.find(name);
      const before = stored === null ? undefined : pollSchema.parse(stored.payload);
      const interval = before?.intervalSeconds ?? pollSeconds;
      const isTooEarly = before !== undefined && at - before.at < interval * 1000 - toleranceMilliseconds;
      const intervalSeconds = isTooEarly ? Math.min(maxPollSeconds, interval + slowDownSeconds) : interval;
      await artifacts.save({ ...name, payload: { at, intervalSeconds }, expiresAt });
      return isTooEarly ? 'too-early' : 'in-time';
    },
  };
}
