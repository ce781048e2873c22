import { isDeepStrictEqual } from 'node:util';
import {
  createCsrfTokens,
  csrfSealingPurpose,
  dpopNoncePurpose,
  OptionsError,
  silentLogger,
  toDpopNonceSecret,
  toStoreError,
  type Logger,
  type Mailer,
  type RequestContext,
} from '@sallyport/core';
import { createGateway, type Gateway as ServedGateway, type GatewayTraces, type Mount } from '@sallyport/gateway';
import { createSecurityEventLog, kernelEvents, type Identity } from '@sallyport/identity';
import { createLease, createWebhookDeliveries } from '@sallyport/stores';
import type { Control } from './admin/control.ts';
import { createLocalControl } from './admin/local-control.ts';
import { openAdmin } from './admin/open-admin.ts';
import { createAuthMounts, createManageClientsMount, createManageUsersMounts } from './auth-mounts.ts';
import { readConfiguredRootSecret } from './checks/check-root-secret.ts';
import { checkMailboxPort, checkPorts } from './checks/check-ports.ts';
import { contentChecks } from './checks/content-checks.ts';
import { requireChecks } from './checks/require-checks.ts';
import { requireAfterClaim, requireStart } from './checks/require-start.ts';
import { portChecks, startChecks } from './checks/start-checks.ts';
import { openBrand } from './brand/open-brand.ts';
import { createClosing, type Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';
import { startHousekeeping } from './housekeeping.ts';
import { lostLogLinesMetric } from './line-writer.ts';
import { createPrometheusMeter, type PrometheusMeter } from './metrics/prometheus-meter.ts';
import { createAnswerOAuthClient, createOAuthMounts } from './oauth-mounts.ts';
import { openIdentity, protectedResourcesOf, toGatewayIdentity, type ServedIdentity } from './open-identity.ts';
import { openListeners } from './open-listeners.ts';
import { openDelivery } from './mailbox/open-delivery.ts';
import { openPages } from './open-pages.ts';
import { openStores, type Stores } from './open-stores.ts';
import { createKeyOperations } from './operations/key-operations.ts';
import { createOperations } from './operations/operations.ts';
import { createRoleOperations } from './operations/role-operations.ts';
import type { Preset } from './preset.ts';
import { createRefusalEvents } from './refusal-events.ts';
import { createReloader } from './reload/reloader.ts';
import { applySecrets } from './secrets/apply-secrets.ts';
import { requireSecretChecks } from './secrets/require-secret-checks.ts';
import { createSecretsRefresher, warningsOfSecrets } from './secrets/secrets-refresher.ts';
import { createSecurityTxtMount } from './security-txt/security-txt.ts';
import { createSharedAssetsMount } from './shared-assets/shared-assets-mount.ts';
import { shareTraces } from './share-traces.ts';
import type { Tracing } from './tracing/open-telemetry.ts';
import { toGatewayChange, toGatewayOptions } from './to-gateway-options.ts';
import { openCertificate } from './tls/certificate-watch.ts';
import { openMachineCertificates } from './tls/machine-certificates.ts';
import { openUpstreamCertificate } from './tls/upstream-certificate.ts';
import { openProviderSecrets } from './provider-secrets.ts';
import { openWebhookSecrets } from './webhook-secrets.ts';

export interface GatewayOptions {
  readonly config: Config;
  /** What the configuration brings along, where a preset made it. */
  readonly preset?: Preset | undefined;
  readonly environment: Environment;
  readonly logger: Logger;
  /** What delivers messages. @default what the configuration and the environment name, or the development mailbox */
  readonly mailer?: Mailer;
  /** How identity providers are called; for tests, in which they are servers of their own. @default fetch */
  readonly fetchFromProviders?: typeof fetch;
  /** How long stores that do not answer are waited for. @default 30000 */
  readonly waitMilliseconds?: number;
  /** Reads the configuration as it is now, when an operator asks for it. @default the one that it began with */
  readonly loadAnew?: () => Promise<Config>;
  /** Reads addresses and secrets as they are now. @default those that it began with */
  readonly readEnvironmentAnew?: () => Promise<Environment>;
  /** Whether another process answers operators, and asks this one. @default false */
  readonly isWorker?: boolean;
  /** How many lines of its log could not be written. @default none are counted */
  readonly lostLogLines?: () => number;
  /** Whether another server of this process brings requests, so that none is opened here. @default false */
  readonly isInProcess?: boolean;
  /** Whether it logs what checks of the stores warn of. Of several workers one does. @default true */
  readonly logsCheckWarnings?: boolean;
}

/** The running gateway process. */
export interface Gateway {
  readonly port: number;
  readonly internalPort: number;
  /** Of the listener for machines, where there is one. */
  readonly machinePort: number | undefined;
  /** Of the listener for operators, where this process has one. */
  readonly adminPort: number | undefined;
  /** Where messages are read that are not sent; `undefined` where all of them are. */
  readonly mailboxUrl: string | undefined;
  /** What operators may ask of this process. */
  readonly control: Control;
  /** The metrics of this process; `undefined` where nothing is counted. */
  readonly meter: PrometheusMeter | undefined;
  /** Uses those keys of a checked configuration that may change. Throws, and has changed nothing, when the gateway cannot. */
  apply(config: Config): Promise<void>;
  /** Uses those secrets of a checked environment that may change. Throws, and has changed nothing, when the gateway cannot. */
  useSecrets(environment: Environment): void;
  /** Takes requests of another server in this process, as `Gateway.handle` of `@sallyport/gateway` does. */
  readonly handle: ServedGateway['handle'];
  /** Accounts, sessions and what is served to people. */
  readonly identity: ServedIdentity;
  /** What signs the tokens of services. */
  readonly keyRing: Stores['keyRing'];
  /** Asks clients to leave: `/readyz` says 503, and everybody is still served. */
  retire(): void;
  /** The configuration that is in use. */
  readonly config: Config;
  /** Lets running requests end, sends waiting mail, closes the database. */
  close(): Promise<void>;
}

/**
 * Puts the gateway process together: stores → identity → gateway → listen. What was opened is closed again in reverse
 * order, also when a later step fails.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, preset, environment, logger, waitMilliseconds, isWorker = false, logsCheckWarnings = true } = options;
  const { isInProcess = false } = options;
  const checkLogger = logsCheckWarnings ? logger : silentLogger;
  const closing = createClosing();
  try {
    const portsToCheck = portChecks
      .filter((check) => options.mailer === undefined || check !== checkMailboxPort)
      .filter((check) => !isInProcess || check !== checkPorts);
    // The supervisor has logged what is not safe.
    if (isWorker) await requireChecks('start', startChecks, options, silentLogger);
    else await requireStart([...startChecks, ...portsToCheck], options, logger);
    const certificate =
      config.tls === undefined
        ? undefined
        : openCertificate({ files: config.tls, publicUrl: config.publicUrl, logger });
    const upstreamCertificate =
      config.upstreamTls === undefined ? undefined : openUpstreamCertificate({ files: config.upstreamTls, logger });
    closing.push(() => upstreamCertificate?.stop());
    const machineCertificates = openMachineCertificates({ config, logger });
    const meter = config.admin === undefined ? undefined : createPrometheusMeter({ withProcess: true });
    const tracing = await openConfiguredTracing(config, logger);
    closing.push(() => tracing?.close());
    const onClaimed = isWorker ? undefined : () => requireAfterClaim(portsToCheck, options);
    const opening = { config, environment, logger, checkLogger, closing, meter, waitMilliseconds, onClaimed };
    const stores = await openStores(opening);
    await stores.watchForRestore();
    let brand = openBrand(config);
    let protectedResources = protectedResourcesOf(config);
    const delivery = await openDelivery({ ...options, productName: () => brand.name, closing });
    const { mailer, mailboxUrl } = delivery;
    await stores.keyRing.start();

    meter?.gauge({ name: 'sallyport_ready', help: 'Processes whose stores answer' }, () => (stores.isReady() ? 1 : 0));
    if (options.lostLogLines !== undefined) meter?.gauge(lostLogLinesMetric, options.lostLogLines);
    await preset?.prepareRoles(config, stores, logger);
    const providerSecrets = openProviderSecrets(environment, preset);
    const identity = await openIdentity({
      config,
      stores,
      mailer,
      brand: () => brand,
      protectedResources: () => protectedResources,
      providerSecrets: providerSecrets.current,
      ...(options.fetchFromProviders === undefined ? {} : { fetchFromProviders: options.fetchFromProviders }),
      logger,
      ...(meter === undefined ? {} : { meter }),
    });
    closing.push(() => identity.close());
    // Identity and the key ring ask the same of roles and keys, in their transactions. Here warnings are logged as well.
    await requireChecks(
      'database',
      contentChecks,
      {
        config,
        preset,
        records: stores.database.records,
        readClock: () => stores.database.readClock(),
        versions: readConfiguredRootSecret(options),
      },
      checkLogger,
    );
    const deliveries = createWebhookDeliveries(stores.database.records);
    closing.push(
      startHousekeeping({
        jobs: [
          { kind: 'sessions', run: (now) => stores.sessions.deleteExpired(now) },
          { kind: 'webhook-deliveries', run: (now) => deliveries.deleteExpired(now) },
          ...identity.retention,
        ],
        lease: createLease(stores.database.records, 'retention'),
        logger,
        meter,
      }),
    );
    await preset?.prepareAccounts(config, identity);
    void identity.followStoredHashes();
    const hourly = setInterval(() => void identity.followStoredHashes(), 3_600_000).unref();
    closing.push(() => clearInterval(hourly));

    const demoAccounts = preset?.accountsEnteredWithoutPassword?.();
    const pages = openPages({ config, brand: () => brand, identity, mailboxUrl, demoAccounts, logger });

    const { oauthProvider } = identity;
    const answerOAuthClient = oauthProvider === undefined ? undefined : createAnswerOAuthClient(oauthProvider, pages);

    const events = createSecurityEventLog(stores.database.records, kernelEvents);
    const refusals = createRefusalEvents({ events, logger });
    closing.push(() => refusals.close());

    let current = config;
    const webhookSecrets = openWebhookSecrets(environment);
    const counterSealer = stores.sealerFor('counter-key');
    // The reloader needs the gateway, and the gateway says how the reloader is.
    const reload = { isRefused: () => false, secretWarnings: (): readonly string[] => [] };
    const gateway = createGateway({
      ...toGatewayOptions(config),
      brand,
      readinessWarnings: () => [
        ...(certificate?.warnings() ?? []),
        ...(upstreamCertificate?.warnings() ?? []),
        ...(machineCertificates?.pair?.warnings() ?? []),
        ...(machineCertificates?.trust.warnings() ?? []),
        ...(reload.isRefused() ? ['configuration-not-reloaded'] : []),
        ...reload.secretWarnings(),
      ],
      upstreamTls: upstreamCertificate?.material(),
      mounts: [
        ...createAuthMounts(identity.app, pages, config.limits.authRequests, config),
        ...manageMounts(config, identity),
        ...(config.oauthProvider === undefined || oauthProvider === undefined || answerOAuthClient === undefined
          ? []
          : createOAuthMounts(
              oauthProvider,
              answerOAuthClient,
              config.oauthProvider,
              config.introspection !== undefined,
            )),
        createSharedAssetsMount({ routes: () => current.routes }),
        ...(config.securityTxt === undefined ? [] : [createSecurityTxtMount(config.securityTxt, config.publicUrl)]),
        ...(preset?.mounts ?? []),
      ],
      ...toGatewayIdentity(identity),
      introspection:
        config.introspection === undefined
          ? undefined
          : {
              ...config.introspection,
              revokeToken: (token, context) => revokeAnyToken(identity, token, context),
              answerOAuthClient,
            },
      providerTokens: identity.providerTokens.handOut,
      keyRing: stores.keyRing,
      bus: stores.bus,
      csrfTokens: createCsrfTokens(stores.sealerFor(csrfSealingPurpose)),
      isReady: stores.isReady,
      webhooks: { secrets: webhookSecrets.current, deliveries },
      onRefusal: (record, clientAddress) => refusals.note(record, clientAddress),
      logger,
      dpopNonceSecret:
        config.oauthProvider?.dpopNonces === true ? toDpopNonceSecret(stores.sealerFor(dpopNoncePurpose)) : undefined,
      ...(environment.redisUrl === undefined
        ? {}
        : { sharedCounts: { counters: stores.counters, hash: (text) => counterSealer.hash(text) } }),
      ...(preset === undefined ? {} : { traces: openTraces(preset, stores, closing) }),
      ...(meter === undefined ? {} : { meter }),
      ...(tracing === undefined ? {} : { tracer: tracing.tracer }),
    });
    upstreamCertificate?.start((tls) => gateway.replaceUpstreamTls(tls));
    const apply = async (next: Config): Promise<void> => {
      const nextBrand = openBrand(next);
      const isOtherPolicy = !isDeepStrictEqual(next.policy, current.policy);
      if (isOtherPolicy) await namePolicy(() => identity.checkPolicy(next.policy));
      gateway.reconfigure({ ...toGatewayChange(next), brand: nextBrand });
      try {
        if (isOtherPolicy) await namePolicy(() => identity.usePolicy(next.policy));
      } catch (error) {
        gateway.reconfigure({ ...toGatewayChange(current), brand });
        throw error;
      }
      current = next;
      brand = nextBrand;
      protectedResources = protectedResourcesOf(next);
    };
    const { loadAnew = () => Promise.resolve(config), readEnvironmentAnew = () => Promise.resolve(environment) } =
      options;
    const reloader = createReloader({ current: config, load: loadAnew, apply, logger });
    reload.isRefused = () => reloader.condition().refused !== undefined;
    const secretUsers = { delivery, stores, webhookSecrets, providerSecrets };
    const useSecrets = (renewed: Environment): void => applySecrets(renewed, secretUsers);
    const refresher = createSecretsRefresher({
      current: environment,
      load: readEnvironmentAnew,
      check: (renewed) => requireSecretChecks({ config: current, preset, environment: renewed }),
      apply: useSecrets,
      logger,
      meter,
      refreshSeconds: options.readEnvironmentAnew === undefined ? 0 : config.secrets.refreshSeconds,
    });
    reload.secretWarnings = () => warningsOfSecrets(refresher.condition());
    closing.push(() => refresher.stop());
    const operations = createOperations([
      ...identity.operations,
      ...createKeyOperations(stores),
      ...createRoleOperations(stores),
    ]);
    const control = createLocalControl({ gateway, meter, isReady: stores.isReady, reloader, refresher, operations });
    const admin = isWorker
      ? undefined
      : await openAdmin({ config, environment: () => refresher.current(), logger, control });
    // Closed after the gateway: operators see how it drains. What they began is done before their listener closes.
    closing.push(() => admin?.close());
    closing.push(() => operations.close());
    closing.push(() =>
      gateway.close({
        graceMilliseconds: preset?.graceMilliseconds ?? current.drain.graceSeconds * 1000,
      }),
    );
    const { port, internalPort, machinePort } = isInProcess
      ? { port: 0, internalPort: 0, machinePort: undefined }
      : await openListeners({ gateway, config, certificate, machineCertificates, closing });
    refresher.start();
    identity.start();
    return {
      port,
      internalPort,
      machinePort,
      adminPort: admin?.port,
      mailboxUrl,
      control,
      meter,
      apply,
      useSecrets,
      handle: (message, response, continueWith) => gateway.handle(message, response, continueWith),
      identity,
      keyRing: stores.keyRing,
      retire: () => gateway.retire(),
      get config() {
        return current;
      },
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw toStoreError(error);
  }
}

/** Names the key of what is wrong with a policy, for an operator who reloads. */
async function namePolicy(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const problem = error.message.replaceAll(/\s*\n\s*/g, ' ');
    throw new ConfigurationError('reload', [{ key: 'policy', problem }]);
  }
}

/** A token is known by its form: one of the provider is no first-party one. */
async function revokeAnyToken(identity: ServedIdentity, token: string, context: RequestContext): Promise<void> {
  if (!(await identity.revokeOAuthToken(token, context))) await identity.revokeToken(token, context);
}

function manageMounts({ administration: { usersApi }, oauthProvider }: Config, { app }: Identity): readonly Mount[] {
  const clientsApi = oauthProvider?.clients.api;
  return [
    ...(usersApi === undefined ? [] : createManageUsersMounts(app, usersApi.requests)),
    ...(clientsApi === undefined ? [] : [createManageClientsMount(app, clientsApi.requests)]),
  ];
}

/** What is not asked for is not loaded either. */
async function openConfiguredTracing({ tracing }: Config, logger: Logger): Promise<Tracing | undefined> {
  const { endpoint, sampleRatio } = tracing;
  if (endpoint === undefined) return undefined;
  const { openTracing } = await import('./tracing/open-telemetry.ts');
  return openTracing({ endpoint, sampleRatio, serviceName: 'sallyport-gateway', logger });
}

/** With Redis there may be other gateways, to which requests of the same session go. */
function openTraces({ traces }: Preset, stores: Stores, closing: Closing): GatewayTraces {
  const broadcast = stores.openBroadcast?.('traces');
  if (broadcast === undefined) return traces;
  const shared = shareTraces(traces, broadcast);
  closing.push(() => shared.close());
  return shared;
}
