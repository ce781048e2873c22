import { requestLimitsSchema, type Policy } from '@sallyport/core';
import * as z from 'zod';
import type { OptionsProblem } from '../../parse-options.ts';
import { mayRead, mayReadRoles } from './managing-permissions.ts';

/** Who manages accounts beside operators and administrators. */
export const administrationConfig = z
  .strictObject({
    usersApi: z
      .strictObject({
        requests: requestLimitsSchema
          .default([
            { per: 'address', max: 1200, seconds: 60 },
            { per: 'key', max: 600, seconds: 60 },
          ])
          .describe('How many requests may come'),
      })
      .optional()
      .describe(
        'Lets service accounts manage users and roles with their API keys: at /manage/users "user:read" looks, "user:manage" changes too; at /manage/roles "role:read" and "role:manage". Absent means that nothing is served there; {} that limits are as usual',
      ),
  })
  .prefault({})
  .describe('How accounts are managed by programs');

/** The section, with its defaults. */
export type AdministrationConfig = z.output<typeof administrationConfig>;

/** What is wrong with the section: what no permission of the policy opens would be believed to be open. */
export function problemsOfAdministration(
  { usersApi }: AdministrationConfig,
  { permissions }: Policy,
): readonly OptionsProblem[] {
  const isOpen = [...mayRead, ...mayReadRoles].some((name) => Object.hasOwn(permissions, name));
  if (usersApi === undefined || isOpen) return [];
  return [
    {
      key: 'usersApi',
      problem: `is open to no account: the policy declares none of ${[...mayRead, ...mayReadRoles].join(', ')}`,
    },
  ];
}
