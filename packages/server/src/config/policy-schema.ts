import { permissionSchema } from '@sallyport/core';
import * as z from 'zod';

/** What a policy file says that the gateway and identity go by. */
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
});
