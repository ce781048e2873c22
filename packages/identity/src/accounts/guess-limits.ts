import * as z from 'zod';

const attemptLimit = (maxFailures: number, windowSeconds: number) =>
  z
    .strictObject({
      maxFailures: z.number().int().min(1).max(100_000).default(maxFailures).describe('Failures'),
      windowSeconds: z.number().int().min(1).max(604_800).default(windowSeconds).describe('Within so many seconds'),
    })
    .prefault({});

/**
 * How often a password may be wrong. A device that is known has a limit of its own, and falls under no other. The
 * defaults fit most deployments: a decision record gives the reasons.
 */
export const guessLimits = z
  .strictObject({
    accountFromNetwork: attemptLimit(20, 900).describe('For one account from one network (an IPv6 network is a /64)'),
    network: attemptLimit(200, 900).describe('For one network, over all accounts'),
    account: attemptLimit(50, 3600).describe('For one account, over all networks'),
    device: attemptLimit(10, 86_400).describe(
      'For one account on one browser that signed in to it before; such a browser falls under the other limits only beyond this one',
    ),
  })
  .prefault({})
  .describe('How often a password may be wrong before the answer is SP_TOO_MANY_ATTEMPTS');

export type GuessLimits = z.output<typeof guessLimits>;
