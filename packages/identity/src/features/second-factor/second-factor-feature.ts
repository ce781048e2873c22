import { OptionsError } from '@sallyport/core';
import type { Policy } from '@sallyport/core';
import type { Feature } from '../../feature.ts';
import { askForSecondFactor } from './ask-for-second-factor.ts';
import { createCodeMessages } from './code-messages.ts';
import { createFactorAssurance } from './factor-assurance.ts';
import { createFactorResetRoutes } from './factor-reset-routes.ts';
import { createFactorRoutes } from './factor-routes.ts';
import { factorTables } from './factor-tables.ts';
import { sealedFactorColumn } from './sealed-factor-column.ts';
import { createSecondFactorRoutes } from './second-factor-routes.ts';
import { createSecondFactor, type SecondFactorRules } from './second-factor.ts';
import { createStepUpRoutes } from './step-up-routes.ts';

/** Second factors: authenticator apps, sent codes and recovery codes, and sign-ins that wait for them. */
export const secondFactorFeature: Feature<SecondFactorRules> = {
  tables: factorTables,
  sealedColumns: [sealedFactorColumn],
  requireConfig: requireRules,
  create(kernel, rules) {
    const { publicUrl, productName } = kernel;
    const messages = createCodeMessages(publicUrl, productName);
    const secondFactor = createSecondFactor({ ...kernel, rules, issuer: productName, messages });
    const parts = { ...kernel, secondFactor };
    return {
      routes: [
        createSecondFactorRoutes(parts),
        createFactorRoutes(parts),
        createStepUpRoutes(parts),
        createFactorResetRoutes(parts),
      ],
      gate: {
        ...createFactorAssurance(secondFactor.factors, rules.requiredFor ?? []),
        ask: (proof, context, onAsked) => askForSecondFactor(parts, proof, context, onAsked),
      },
    };
  },
};

function requireRules({ methods = ['totp'], requiredFor = [] }: SecondFactorRules, policy: Policy): void {
  const unknown = requiredFor.filter((role) => !Object.hasOwn(policy.roles, role));
  if (unknown.length > 0)
    throw new OptionsError(`the policy has no role "${unknown.join('", "')}" that could demand it`);
  if (requiredFor.length > 0 && methods.length === 0)
    throw new OptionsError('a second factor is demanded, and every method is switched off');
}
