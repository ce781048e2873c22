import * as z from 'zod';
import type { OptionsProblem } from '../../parse-options.ts';

/** How long first-party tokens last. Absent means that there are none. */
export const tokenConfig = z
  .strictObject({
    accessTokens: z
      .enum(['jwt', 'opaque'])
      .default('jwt')
      .describe(
        'What an access token is: a JWT, which the gateway verifies by itself, or an opaque text without any claims, whose sign-in it looks up; routes open "bearer" for the first and "opaque" for the second',
      ),
    accessMinutes: z
      .number()
      .int()
      .min(5)
      .max(15)
      .default(10)
      .describe('How long an access token lives; what ends its sign-in ends it before'),
    refreshDays: z
      .number()
      .int()
      .min(7)
      .max(30)
      .default(30)
      .describe('How long a refresh token may stay unused: each use begins this time anew'),
    maxDays: z
      .number()
      .int()
      .min(7)
      .max(366)
      .default(90)
      .describe('How long a sign-in lasts whatever happens: then the password is asked for again'),
    graceSeconds: z
      .number()
      .int()
      .min(5)
      .max(120)
      .default(30)
      .describe(
        'How long a refresh token that was just used is answered with the same successor, for answers that got lost; also how long a thief of it goes unnoticed',
      ),
  })
  .optional()
  .describe(
    'Access and refresh tokens for programs of your own, such as mobile apps and scripts (POST /auth/token); absent means that there are none, {} that they last as usual',
  );

/** The section, with its defaults. */
export type TokenConfig = z.output<typeof tokenConfig>;

/** What is wrong with the section: a token that may stay unused for longer than its sign-in lasts. */
export function problemsOfTokens(config: TokenConfig): readonly OptionsProblem[] {
  if (config === undefined || config.refreshDays <= config.maxDays) return [];
  return [{ key: 'refreshDays', problem: 'is longer than maxDays, so that it would have no effect' }];
}
