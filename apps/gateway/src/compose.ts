import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toStoreError, type Logger, type Mailer } from '@sallyport/core';
import { createDoor, createDoorTraces, type Door, type DoorTraces, type Mount } from '@sallyport/gateway';
import {
  createDevelopmentMailbox,
  createIdentity,
  createSmtpMailer,
  openIdentityDatabase,
  type Identity,
} from '@sallyport/identity';
import {
  claimDataFolder,
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  keyTable,
  loadRootSecret,
  openEmbeddedDatabase,
  openKeyRing,
  sessionTable,
} from '@sallyport/stores';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';
import { prepareDemoAccounts } from './demo/demo-accounts.ts';
import { listenMailbox } from './demo/mailbox-listener.ts';
import { createTracesMount, withoutOwnRequests } from './demo/traces-mount.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createIdentityMount } from './identity-mount.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly environment: Environment;
  readonly logger: Logger;
}

/** The running gateway process. */
export interface Gateway {
  readonly port: number;
  readonly internalPort: number;
  /** Lets running requests end, sends waiting mail, closes the database. */
  close(): Promise<void>;
}

/** A Ctrl-C in the demo is to be over within a second or two, whatever streams are open. */
const demoGraceMilliseconds = 750;

type CloseStep = () => Promise<void> | void;

/**
 * Puts the gateway process together: secret → stores → identity → door → listen. What was opened is closed again
 * in reverse order, also when a later step fails.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, isDemo, environment, logger } = options;
  const closing: CloseStep[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    closing.push(claimDataFolder(config.dataDir));
    const { mailer, close: closeMailer } = await openMailer(options);
    closing.push(closeMailer);
    const sealerFor = createSealer(loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret }));
    const file = openEmbeddedDatabase({ file: join(config.dataDir, 'sallyport.db') });
    closing.push(() => file.close());

    const tables = [sessionTable, keyTable];
    const database = await openIdentityDatabase({ database: file, tables, logger });
    const sessions = createRecordSessionStore(database.records);
    const keyRing = await openKeyRing({ records: database.records, sealer: sealerFor('key-ring') });
    const bus = createInProcessBus({ logger });
    closing.push(startHousekeeping(sessions, logger));

    const identity = await createIdentity({
      publicUrl: config.publicUrl,
      database,
      sessions,
      sealerFor,
      bus,
      counters: createInProcessCounters(),
      mailer,
      policy: config.policy,
      sessionLifetime: config.session,
      passwordLength: { minimum: config.passwords.minimumLength, maximum: 128 },
      logger,
    });
    closing.push(() => identity.close());
    if (isDemo) await prepareDemoAccounts(config.dataDir, (account) => createVerifiedAccount(identity, account));

    const traces = isDemo ? withoutOwnRequests(createDoorTraces()) : undefined;
    const door = createDoor({
      publicUrl: config.publicUrl,
      hosts: config.hosts,
      trustedProxies: config.trustedProxies,
      routes: config.routes,
      mounts: mountsOf(identity, traces),
      sessions: identity.directory,
      keyRing,
      bus,
      logger,
      tokenLifetimeSeconds: config.tokens.internalSeconds,
      accessLog: config.log.access,
      ...(traces === undefined ? {} : { traces }),
    });
    closing.push(() => door.close(isDemo ? { graceMilliseconds: demoGraceMilliseconds } : {}));
    const { port, internalPort } = await listen(door, config);
    return { port, internalPort, close };
  } catch (error) {
    await close();
    throw toStoreError(error);
  }
}

async function openMailer({
  isDemo,
  config,
  environment,
  logger,
}: GatewayOptions): Promise<{ mailer: Mailer; close: CloseStep }> {
  if (environment.smtpUrl !== undefined) {
    const from = config.mail?.from ?? (isDemo ? 'Sallyport <no-reply@localhost>' : undefined);
    if (from === undefined)
      throw new ConfigurationError('mail', [
        { key: 'mail.from', problem: 'is missing; SMTP_URL is set, so say who sends' },
      ]);
    return { mailer: createSmtpMailer({ url: environment.smtpUrl, from }), close: () => {} };
  }
  if (!isDemo) {
    throw new ConfigurationError('mail', [
      { key: 'SMTP_URL', problem: 'is missing: without mail nobody can verify an address or reset a password' },
    ]);
  }
  const mailbox = createDevelopmentMailbox();
  const listening = await listenMailbox(mailbox.app, environment.mailboxPort ?? 0);
  logger.info('mailbox ready', { port: listening.port });
  return { mailer: mailbox.mailer, close: () => listening.close() };
}

async function createVerifiedAccount(
  { accounts }: Identity,
  { name, email, password, roles }: { name: string; email: string; password: string; roles: readonly string[] },
): Promise<void> {
  if ((await accounts.findByEmail(email)) !== null) return;
  await accounts.createUser({ name, email, password, roles, emailVerified: true });
}

function mountsOf(identity: Identity, traces: DoorTraces | undefined): readonly Mount[] {
  const auth = createIdentityMount(identity.app);
  return traces === undefined ? [auth] : [auth, createTracesMount(traces)];
}

async function listen(door: Door, config: Config): Promise<{ port: number; internalPort: number }> {
  const tls =
    config.tls === undefined
      ? {}
      : {
          tls: { cert: readPem('tls.certFile', config.tls.certFile), key: readPem('tls.keyFile', config.tls.keyFile) },
        };
  const internal = await door.listenInternal(config.internal);
  const listening = await door.listen({ ...config.listen, ...tls });
  return { port: listening.port, internalPort: internal.port };
}

function readPem(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigurationError('tls', [{ key, problem: 'names a file that cannot be read' }]);
  }
}
