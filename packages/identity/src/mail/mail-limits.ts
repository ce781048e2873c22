import * as z from 'zod';

const mailLimit = (max: number, windowSeconds: number) =>
  z
    .strictObject({
      max: z.number().int().min(1).max(1_000_000).default(max).describe('Mails'),
      windowSeconds: z.number().int().min(1).max(86_400).default(windowSeconds).describe('Within so many seconds'),
    })
    .prefault({});

/** How many mails visitors who are not signed in may cause. What is beyond is left out, and no answer tells. */
export const mailLimits = z
  .strictObject({
    perNetwork: mailLimit(30, 900).describe(
      'At the request of one network (an IPv6 network is a /64): to addresses that were never confirmed, and as many to owners of accounts',
    ),
    toStrangers: mailLimit(1000, 3600).describe(
      'At the request of all networks together, to addresses that were never confirmed; raise the alarm when it is used up',
    ),
  })
  .prefault({})
  .describe('How many mails visitors may cause by sign-up and by asking for links');

export type MailLimits = z.output<typeof mailLimits>;
