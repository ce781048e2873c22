import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';
import { factorMethods } from './factor-method.ts';

const factorMethod = z.enum(factorMethods);
const codeMethod = z.enum([...factorMethods, 'recovery-code']);

/** Security events of second factors. */
export const secondFactorEvents = {
  'sign-in.second-factor-asked': z
    .strictObject({ acr: z.string(), amr: z.array(z.string()), setUp: z.boolean() })
    .describe('The first factor was right, and the account requires a second one (`setUp`: it has none yet)'),
  'second-factor.added': z
    .strictObject({ method: factorMethod, replaced: z.boolean() })
    .describe('A second factor was added to an account, or took the place of one of its kind'),
  'second-factor.removed': z
    .strictObject({ method: factorMethod })
    .describe('The owner of an account removed a second factor'),
  'second-factor.reset': z
    .strictObject({ methods: z.array(factorMethod) })
    .describe('An administrator removed every second factor and recovery code of an account'),
  'second-factor.code-sent': z
    .strictObject({ method: factorMethod })
    .describe('A code was sent to the owner of an account'),
  'second-factor.refused': z.strictObject({ method: codeMethod, reason: z.string() }).describe('A code was refused'),
  'second-factor.recovery-codes-made': z
    .strictObject({ count: z.number().int() })
    .describe('New recovery codes took the place of all earlier ones'),
  'second-factor.recovery-code-used': z
    .strictObject({ left: z.number().int() })
    .describe('A recovery code was used up'),
  'session.stepped-up': z
    .strictObject({ acr: z.string(), amr: z.array(z.string()) })
    .describe('The owner of a session confirmed who they are; its cookie has a new token'),
} as const;

/** An event of the catalog. */
export type SecondFactorEvent = SecurityEvent<typeof secondFactorEvents>;
