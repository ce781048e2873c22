import type { Policy } from '@sallyport/core';
import * as z from 'zod';
import type { OptionsProblem } from '../../parse-options.ts';
import { factorMethods } from './factor-method.ts';

/** Which second factors there are, and who must have one. */
export const secondFactorConfig = z
  .strictObject({
    methods: z
      .array(z.enum(factorMethods))
      .readonly()
      .default(['totp'])
      .describe('Second factors that people may set up; codes by email and SMS are weaker than an authenticator app'),
    requiredFor: z
      .array(z.string().min(1))
      .readonly()
      .default([])
      .describe('Roles that require a second factor: a user with one of them gets no session without'),
  })
  .prefault({})
  .describe('Second factors; recovery codes come with each');

export type SecondFactorConfig = z.output<typeof secondFactorConfig>;

/** What is wrong with the section beside the policy: an unknown role, or a factor that is required and cannot be had. */
export function problemsOfSecondFactor(
  { methods, requiredFor }: SecondFactorConfig,
  policy: Policy,
): readonly OptionsProblem[] {
  const unknown = requiredFor.filter((role) => !Object.hasOwn(policy.roles, role));
  const problems = unknown.map((role) => ({ key: 'requiredFor', problem: `names the undeclared role ${role}` }));
  const isImpossible = requiredFor.length > 0 && methods.length === 0;
  return isImpossible
    ? [...problems, { key: 'methods', problem: 'is empty, and roles require a second factor' }]
    : problems;
}
