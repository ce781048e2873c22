import { organizationPermissions, type Policy } from '@sallyport/core';
import * as z from 'zod';
import type { OptionsProblem } from '../../parse-options.ts';

const invitations = z
  .strictObject({
    days: z.number().int().min(1).max(30).default(7).describe('How long an invitation works, in days'),
    maxOpen: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(100)
      .describe('Invitations of one organization that may wait at the same time'),
    perInviterAndDay: z.number().int().min(1).max(10_000).default(50).describe('Mails that one member may cause a day'),
    perOrganizationAndDay: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(200)
      .describe('Mails that all members of one organization together may cause a day'),
  })
  .prefault({})
  .describe('Invitations by mail');

/** How organizations are made, and their bounds. Whether there are any is said by the policy. */
export const organizationConfig = z
  .strictObject({
    creation: z
      .enum(['users', 'operators'])
      .default('users')
      .describe('Who makes organizations: every signed-in user, or operators at the command line alone'),
    creatorRoles: z
      .array(z.string().min(1))
      .min(1)
      .readonly()
      .default(['owner'])
      .describe(
        'Roles in it of the user who makes an organization; together they hold organization:manage and member:manage',
      ),
    maxPerUser: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(20)
      .describe('Organizations that one user may be a member of'),
    maxMembers: z.number().int().min(1).max(100_000).default(500).describe('Members that one organization may have'),
    invitations,
  })
  .optional()
  .describe(
    'Organizations of users; there are some where the policy has organizationRoles, with these bounds where nothing is said',
  );

/** The section, with what is usual where it is absent. */
export type OrganizationSettings = NonNullable<z.output<typeof organizationConfig>>;

/** What holds where the section is absent. */
export const usualOrganizationSettings: OrganizationSettings = organizationConfig.unwrap().parse({});

/** What is wrong with the section beside the policy. */
export function problemsOfOrganizations(
  config: OrganizationSettings | undefined,
  { organizationRoles = {} }: Policy,
): readonly OptionsProblem[] {
  const names = Object.keys(organizationRoles);
  if (names.length === 0)
    return config === undefined
      ? []
      : [{ key: 'creatorRoles', problem: 'is of no effect: the policy has no organizationRoles' }];
  const { creatorRoles } = config ?? usualOrganizationSettings;
  const key = 'creatorRoles';
  const unknown = creatorRoles.filter((role) => !Object.hasOwn(organizationRoles, role));
  if (unknown.length > 0)
    return [
      { key, problem: `names ${unknown.join(', ')}, and organizationRoles of the policy has ${names.join(', ')}` },
    ];
  const held = new Set(creatorRoles.flatMap((role) => organizationRoles[role] ?? []));
  const missing = Object.values(organizationPermissions).filter((permission) => !held.has(permission));
  return missing.length === 0
    ? []
    : [{ key, problem: `hold no ${missing.join(' and no ')}: a new organization would have no owner` }];
}
