import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  createClosing,
  hasMailbox,
  loadDeployment,
  openIdentity,
  openMailer,
  openStores,
  type Closing,
  type Config,
  type Deployment,
  type Environment,
  type Preset,
  type StartCheck,
  type Stores,
} from '@sallyport/server';
import { type LogFields, type Logger, type Mailer, UsageError } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';
import { StoreInUse } from '@sallyport/stores';
import type { Terminal } from './terminal.ts';

/** The stores of a deployment, as its gateways have them. */
export interface OpenedStores {
  readonly config: Config;
  readonly preset: Preset | undefined;
  readonly environment: Environment;
  readonly stores: Stores;
  readonly logger: Logger;
  readonly closing: Closing;
}

/** The stores and identity of a deployment, as its gateways have them. */
export interface System {
  readonly config: Config;
  readonly environment: Environment;
  readonly stores: Stores;
  readonly identity: Identity;
  readonly canMail: boolean;
}

/** Another process has the stores for itself. */
export class StoresInUse extends UsageError {}

/**
 * Opens the stores that the configuration names, runs work with them and closes them again.
 *
 * @param access whether the work changes anything. Without Redis a change needs the stores for itself: a gateway that is
 *   running remembers sessions and roles, and would not hear of it.
 * @throws StoresInUse when it cannot have them.
 */
export async function withStores(
  terminal: Terminal,
  access: 'reads' | 'writes',
  work: (opened: OpenedStores) => Promise<number>,
): Promise<number> {
  const { config, preset, environment } = await loadSettings(terminal);
  const closing = createClosing();
  try {
    if (access === 'reads') requireDatabase(config, environment);
    const logger = createWarningLogger(terminal);
    const stores = await open(config, environment, logger, closing, access);
    return await work({ config, preset, environment, stores, logger, closing });
  } finally {
    await closing.close();
  }
}

/** Opens stores and identity, like {@link withStores}. Roles are those that are stored, whatever the configuration says. */
export function withSystem(
  terminal: Terminal,
  access: 'reads' | 'writes',
  work: (system: System) => Promise<number>,
): Promise<number> {
  return withStores(terminal, access, async ({ config, preset, environment, stores, logger, closing }) => {
    // The mailbox belongs to the gateway.
    const openMailbox = hasMailbox({ config, preset, environment }) ? () => Promise.resolve(noMailer) : undefined;
    const mailer =
      environment.smtpUrl === undefined ? noMailer : await openMailer({ config, environment, openMailbox });
    const identity = await openIdentity({ config, stores, mailer, logger, onPolicyDifference: 'use-stored' });
    closing.push(() => identity.close());
    return work({ config, environment, stores, identity, canMail: environment.smtpUrl !== undefined });
  });
}

/**
 * Reads the configuration, the environment and the secrets, as the gateway does.
 *
 * @param checks what else is looked for when something is wrong with them.
 */
export function loadSettings(
  { environment: variables, workingFolder }: Terminal,
  checks: readonly StartCheck[] = [],
): Promise<Deployment> {
  return loadDeployment({ variables, workingFolder }, checks);
}

async function open(
  config: Config,
  environment: Environment,
  logger: Logger,
  closing: Closing,
  access: 'reads' | 'writes',
): Promise<Stores> {
  try {
    return await openStores({
      config,
      environment,
      logger,
      closing,
      use: access === 'writes' ? 'exclusive' : 'shared',
    });
  } catch (error) {
    if (!(error instanceof StoreInUse)) throw error;
    const place = environment.databaseUrl === undefined ? `the data folder ${config.dataDir}` : 'this database';
    throw new StoresInUse(
      `A gateway that does not answer operators, or another command, is using ${place}. A gateway that starts or stops is waited ` +
        'for; run this again. One whose data folder cannot be written needs SALLYPORT_ADMIN_TOKEN, and a fixed port in admin.',
    );
  }
}

/** A reading command makes nothing. */
function requireDatabase({ dataDir }: Config, { databaseUrl }: Environment): void {
  if (databaseUrl === undefined && !existsSync(join(dataDir, 'sallyport.db')))
    throw new UsageError(
      `There is no database in ${dataDir} yet. Start the gateway once, or name another folder with SALLYPORT_DATA_DIR.`,
    );
}

/** Commands say what they could not mail. */
const noMailer: Mailer = { send: () => Promise.resolve() };

function createWarningLogger({ errors }: Terminal): Logger {
  const warn = (message: string, { event: _event, ...fields }: LogFields): void => {
    const words = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    errors.write(`warning: ${[message, ...words].join(' ')}\n`);
  };
  return { info: () => {}, warn, error: warn };
}
