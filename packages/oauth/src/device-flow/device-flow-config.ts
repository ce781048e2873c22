import { requestLimitsSchema } from '@sallyport/core';
import type { OptionsProblem } from '@sallyport/identity';
import * as z from 'zod';

/** What the section of the provider says about sign-ins of devices (RFC 8628). */
export const deviceFlowConfigShape = {
  devices: z
    .strictObject({
      refreshDays: z
        .number()
        .int()
        .min(1)
        .max(90)
        .default(30)
        .describe(
          'How long a device stays signed in without refreshing its tokens: each refresh begins this time anew',
        ),
      maxDays: z
        .number()
        .int()
        .min(1)
        .max(366)
        .default(90)
        .describe('How long a device stays signed in whatever happens: then its user enters a code again'),
      requests: requestLimitsSchema
        .default([
          { per: 'address', max: 30, seconds: 60 },
          { per: 'address', max: 300, seconds: 3600 },
        ])
        .describe('How many devices may ask for a code; an empty list means any number'),
      maxWaiting: z
        .number()
        .int()
        .min(1)
        .max(100_000)
        .default(5000)
        .describe(
          'How many requests of devices may wait for their users at once, per client: each waits for ten minutes, and one more is answered with 429',
        ),
    })
    .prefault({})
    .describe('Sign-ins of command lines and other devices without a browser (RFC 8628)'),
} as const;

/** The part of the section, with its defaults. */
export type DeviceFlowConfig = z.output<(typeof deviceFlowConfigShape)['devices']>;

/** What is wrong with it: a device that may stay unused for longer than its sign-in lasts. */
export function problemsOfDevices({ refreshDays, maxDays }: DeviceFlowConfig): readonly OptionsProblem[] {
  if (refreshDays <= maxDays) return [];
  return [{ key: 'devices.refreshDays', problem: 'is longer than maxDays, so that it would have no effect' }];
}
