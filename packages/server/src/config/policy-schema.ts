import { permissionSchema } from '@sallyport/core';
import * as z from 'zod';

const actions = z.union([z.string().min(1), z.array(z.string().min(1)).readonly()]);
/** What may stand in it is checked by the policy package, which names the rule. */
const condition = z.record(z.string(), z.unknown()).readonly();
const fieldTypes = ['string', 'number', 'boolean', 'date', 'json', 'string[]', 'number[]'] as const;

/** One rule of a policy, as it is written. */
export const policyRuleSchema = z.strictObject({
  allow: actions
    .optional()
    .describe('The action, or several, or "*" for all of the type; each rule has either allow or deny'),
  deny: actions.optional().describe('The same for a rule that refuses: it wins over every rule that allows'),
  on: z.string().min(1).describe('The type of the record, one of policy.records'),
  to: z
    .string()
    .min(1)
    .optional()
    .describe('A permission, "signed-in" or "everyone"; with deny everyone is meant where it is absent'),
  unless: z.string().min(1).optional().describe('With deny: who holds this permission is not refused'),
  when: condition.optional().describe('What must hold of the record and the caller: eq, ne, in, exists, and, or'),
  after: condition
    .optional()
    .describe('What must hold after a write; "when" where it is absent, nothing where it is {}'),
  fields: z
    .array(z.string().min(1))
    .readonly()
    .optional()
    .describe('The fields that the rule is about; all where it is absent'),
  reason: z.string().min(1).optional().describe('The reason code of decisions by this rule, in logs and explanations'),
  texts: z
    .strictObject({
      user: z.string().min(1).optional().describe('What the user is told'),
      administrator: z.string().min(1).optional().describe('What an administrator is told'),
    })
    .optional()
    .describe('Sentences for who is refused, and for who looks why'),
});

/** What a policy file says: permissions and roles, which the gateway and identity go by, and rules, which services do. */
export const policySchema = z.strictObject({
  permissions: z
    .record(permissionSchema, z.string())
    .describe('Each permission (resource:action) with a sentence that says what it allows'),
  roles: z
    .record(z.string().min(1), z.array(z.string()).readonly())
    .describe('Each role with its permissions; stored at the first start, and refused when it differs later'),
  organizationRoles: z
    .record(z.string().min(1), z.array(z.string()).readonly())
    .optional()
    .describe(
      'Each role inside an organization with its permissions, none of which rules the deployment; one role holds organization:manage and member:manage. Absent or empty means that there are no organizations',
    ),
  source: z
    .enum(['database', 'file'])
    .default('database')
    .describe(
      'Who has the last word on roles: "database", those who edit them at run time, so that a file that changed refuses the start until sallyport roles apply; "file", this file, which each start and reload applies, so that edits are refused',
    ),
  records: z
    .record(
      z.string().min(1),
      z.strictObject({
        fields: z.record(z.string().min(1), z.enum(fieldTypes)).describe('Each field with what it holds'),
        actions: z
          .array(z.string().min(1))
          .readonly()
          .optional()
          .describe('Actions beside create, read, update and delete'),
      }),
    )
    .default({})
    .describe(
      'Each type of record that rules are about; services go by them, and the gateway checks them at the start',
    ),
  rules: z.array(policyRuleSchema).readonly().default([]).describe('Rules on records, see "A rule of the policy"'),
});
