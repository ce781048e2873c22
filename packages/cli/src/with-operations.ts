import { setTimeout as wait } from 'node:timers/promises';
import { resolvePages, type AskOperation, type CommandDeployment, type OperatorContext } from '@sallyport/core';
import { createKeyOperations, createOperations, createRoleOperations, type Operations } from '@sallyport/server';
import { operatorNameOf } from './operator-name.ts';
import { loadSettings, StoresInUse, withStores, withSystem } from './open-system.ts';
import { findRunningGateway } from './running-gateway.ts';
import type { Terminal } from './terminal.ts';

/** Where operations are done. */
export interface OpenedOperations {
  readonly ask: AskOperation;
  readonly deployment: CommandDeployment;
  /** Whether a gateway that runs does them; otherwise this process does, on the stores. */
  readonly isAtGateway: boolean;
}

/** How long a gateway that starts or stops is waited for. */
const patienceMilliseconds = 10_000;
const pauseMilliseconds = 250;

/**
 * Runs work with the operations of the gateway that runs on the same stores. Where none runs this process opens the stores, and
 * claims them where a gateway would have to be alone on them: one that starts or stops meanwhile is waited for, so that the
 * work is done by the one or the other, or refused.
 *
 * @param access `reads` opens the stores beside a gateway and asks none. `beside` changes only what every process reads anew.
 * @throws UsageError when the stores stay in use and no gateway answers.
 */
export async function withOperations(
  terminal: Terminal,
  access: 'reads' | 'writes' | 'beside',
  work: (opened: OpenedOperations) => Promise<number>,
  open: OpenHere = openIdentityHere,
): Promise<number> {
  const operator = operatorNameOf(terminal);
  const settings = await loadSettings(terminal);
  const until = Date.now() + patienceMilliseconds;
  for (let isLast = false; ; isLast = Date.now() > until) {
    const gateway = access === 'reads' ? undefined : await findRunningGateway(settings, operator);
    if (gateway !== undefined) return work({ ...gateway, isAtGateway: true });
    try {
      return await open(terminal, access === 'writes' ? 'writes' : 'reads', ({ operations, deployment }) =>
        work({ ask: askHere(operations, operator), deployment, isAtGateway: false }),
      );
    } catch (error) {
      if (!(error instanceof StoresInUse) || isLast) throw error;
      await wait(pauseMilliseconds);
    }
  }
}

/** Opens the stores of the deployment, and what does operations on them. */
export type OpenHere = (
  terminal: Terminal,
  access: 'reads' | 'writes',
  work: (opened: { readonly operations: Operations; readonly deployment: CommandDeployment }) => Promise<number>,
) => Promise<number>;

const openIdentityHere: OpenHere = (terminal, access, work) =>
  withSystem(terminal, access, ({ config, stores, identity, canMail }) =>
    work({
      operations: createOperations([
        ...identity.operations,
        ...createKeyOperations(stores),
        ...createRoleOperations(stores),
      ]),
      deployment: { publicUrl: config.publicUrl, pages: resolvePages(config.pages), canMail },
    }),
  );

/** Only roles. Identity is left out: it stores those of the configuration where there are none yet. */
export const openRolesHere: OpenHere = (terminal, access, work) =>
  withStores(terminal, access, ({ config, environment, stores }) =>
    work({
      operations: createOperations(createRoleOperations(stores)),
      deployment: {
        publicUrl: config.publicUrl,
        pages: resolvePages(config.pages),
        canMail: environment.smtpUrl !== undefined,
      },
    }),
  );

function askHere(operations: Operations, operator: string): AskOperation {
  const context: OperatorContext = { actor: `operator:${operator}`, requestId: 'operator', address: 'local' };
  return (name, input) => operations.run(name, input, context);
}
