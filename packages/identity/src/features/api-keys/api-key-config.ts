import * as z from 'zod';
import type { OptionsProblem } from '../../parse-options.ts';

const daySeconds = 86_400;

/** Whether there are API keys, and how long they live. */
export const apiKeyConfig = z
  .strictObject({
    maxDays: z.number().int().min(1).max(3650).default(365).describe('The longest life of a key, in days'),
    usualDays: z
      .number()
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('How long a key lives where its owner says nothing, in days'),
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(30 * daySeconds)
      .default(daySeconds)
      .describe('How long the old secret of a key works beside the new one after a rotation; 0 ends it at once'),
    maxPerOwner: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .describe('Keys that one user or service account may have at the same time'),
  })
  .optional()
  .describe('API keys of users and service accounts; absent means that there are none');

/** The section, where there is one. */
export type ApiKeySettings = NonNullable<z.output<typeof apiKeyConfig>>;

/** What is wrong with the section: keys that would live longer than any may. */
export function problemsOfApiKeys(config: ApiKeySettings | undefined): readonly OptionsProblem[] {
  if (config === undefined || config.usualDays <= config.maxDays) return [];
  return [{ key: 'usualDays', problem: 'is more than maxDays' }];
}
