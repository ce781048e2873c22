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
});
