import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import { sampleRecipient } from '../../mail/mail-samples.ts';
import { answerOfProgram, sendToProgram } from './answer-of-program.ts';
import { askForSecondFactor, type SecondFactorAskingParts } from './ask-for-second-factor.ts';
import { createCodeMessages } from './code-messages.ts';
import { createFactorAssurance } from './factor-assurance.ts';
import { createFactorResetRoutes, type FactorResetParts } from './factor-reset-routes.ts';
import { createFactorRoutes, type FactorParts } from './factor-routes.ts';
import { factorRetention, factorTables } from './factor-tables.ts';
import { sealedFactorColumn, sealedRecoveryKeyColumn } from './sealed-factor-column.ts';
import { problemsOfSecondFactor, secondFactorConfig, type SecondFactorConfig } from './second-factor-config.ts';
import { secondFactorEvents } from './second-factor-events.ts';
import { secondFactorMails } from './second-factor-mails.ts';
import { createSecondFactorRoutes, type SecondFactorParts } from './second-factor-routes.ts';
import { createSecondFactor, type SecondFactorOptions } from './second-factor.ts';
import { createStepUpRoutes, type StepUpParts } from './step-up-routes.ts';

type SecondFactorKernel = Omit<SecondFactorOptions, 'config' | 'issuer' | 'messages'> &
  Omit<SecondFactorParts & FactorParts & StepUpParts & FactorResetParts & SecondFactorAskingParts, 'secondFactor'> &
  Pick<IdentityKernel, 'publicUrl' | 'brand'>;

/** Second factors: authenticator apps, sent codes and recovery codes, and sign-ins that wait for them. */
export const secondFactorFeature = {
  name: 'secondFactor',
  config: secondFactorConfig,
  tables: factorTables,
  sealedColumns: [sealedFactorColumn, sealedRecoveryKeyColumn],
  events: secondFactorEvents,
  mails: secondFactorMails,
  messageSamples(publicUrl, brand) {
    const messages = createCodeMessages(publicUrl, () => brand);
    return [messages.email(sampleRecipient.email, '483920'), messages.sms('+4915123456789', '483920')];
  },
  retention: factorRetention,
  problemsOf: problemsOfSecondFactor,
  create(kernel: SecondFactorKernel, config: SecondFactorConfig) {
    const { publicUrl, brand } = kernel;
    const messages = createCodeMessages(publicUrl, brand);
    const secondFactor = createSecondFactor({ ...kernel, config, issuer: () => brand().name, messages });
    const parts = { ...kernel, secondFactor };
    return {
      async forgetAccount(userId) {
        await secondFactor.factors.removeAll(userId);
        await secondFactor.recoveryCodes.discard(userId);
        await secondFactor.pending.discard(userId);
      },
      routes: [
        createSecondFactorRoutes(parts),
        createFactorRoutes(parts),
        createStepUpRoutes(parts),
        createFactorResetRoutes(parts),
      ],
      gate: {
        ...createFactorAssurance(secondFactor.factors, config.requiredFor),
        ask: (proof, question, context) => askForSecondFactor(parts, proof, question, context),
        answer: (handle, answer, context) => answerOfProgram(parts, handle, answer, context),
        send: (handle, method, context) => sendToProgram(parts, handle, method, context),
      },
    };
  },
} as const satisfies Feature<SecondFactorConfig>;
