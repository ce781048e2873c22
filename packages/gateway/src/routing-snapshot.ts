import { createDpopNonces, protectedResourceOf, sessionCookieFor } from '@sallyport/core';
import { createCredentialUseRecorder } from './credentials/credential-use.ts';
import { createAuthenticators, type CredentialParts } from './credentials/registry.ts';
import { createCookieReader } from './credentials/session-cookie-reader.ts';
import { createExplainer } from './explain/explainer.ts';
import type { Explanation, ExplainQuestion } from './explain/explanation.ts';
import { createNetworkCheck } from './firewall/client-address.ts';
import { createIntrospectionMounts } from './introspection/introspection-mounts.ts';
import { createHandOver, type HandOverParts } from './in-process/hand-over.ts';
import { createListenerForwarders } from './forward/listener-forwarders.ts';
import type { WebhookParts } from './forward/webhook-transfer.ts';
import type { ForwardAuthParts } from './forward-auth/forward-auth-handler.ts';
import { toForwardAuthParts } from './forward-auth/forward-auth-parts.ts';
import type { CheckedGatewayOptions } from './gateway-options.ts';
import type { Listening } from './listeners/listener.ts';
import type { PersistentState } from './persistent-state.ts';
import {
  createMessageTokensMount,
  createNoMessageTokensMount,
  messageTokensPlace,
} from './messages/message-tokens-mount.ts';
import { createDecisionPartsOf, publicOriginsOf } from './pipeline/decision-parts.ts';
import type { HandleRequestParts, InFlight } from './pipeline/handle-request.ts';
import type { ListenerKind } from './pipeline/request-state.ts';
import {
  createNoProviderTokensMount,
  createProviderTokensMount,
  providerTokensPlace,
} from './provider-tokens/provider-tokens-mount.ts';
import { createNoteRefusal, type NoteRefusal } from './record/note-refusal.ts';
import { createBrandMount } from './response/brand-mount.ts';
import { createErrorPageRenderer } from './response/error-page.ts';
import { createKeysMount } from './response/local-endpoints.ts';
import { createProtectedResourceMounts } from './mcp/protected-resource-mounts.ts';
import { createAudienceRoutesMount } from './routing/audience-routes-mount.ts';
import { mountsForMachines } from './routing/mounts-for-machines.ts';
import { createRouteTable, zonesOf, type LimitsOf, type ResourceOf, type RouteTable } from './routing/route-table.ts';
import { createActivityRecorder } from './sessions/activity.ts';
import { createRevocationsMount } from './sessions/revocations-mount.ts';
import { createSessionEventsMount } from './streams/session-events-mount.ts';
import { createSessionExtensionMount } from './streams/session-extension-mount.ts';

/** Routing snapshot: what follows from routes and hosts, rebuilt as a whole on reload. */
export interface RoutingSnapshot {
  partsFor(kind: ListenerKind, address: Listening, isDraining: () => boolean): HandleRequestParts;
  /** For requests of another server in this process, which continue there. */
  inProcessParts(takeContinuation: HandOverParts['takeContinuation'], isDraining: () => boolean): HandleRequestParts;
  forwardAuthParts(proxies: readonly string[], isDraining: () => boolean): ForwardAuthParts;
  readonly isTrustedProxy: (address: string) => boolean;
  noteRefusalOf(kind: ListenerKind): NoteRefusal;
  /** `internal` is where the internal listener is; absent when there is none. */
  explain(question: ExplainQuestion, internal: Listening | undefined): Promise<Explanation>;
  /** The snapshot is in use from now on. */
  use(): void;
  /** A newer snapshot is in use: no request begins under this one. Closes once none is in flight. */
  retire(onClosed: () => void): void;
  close(): Promise<void>;
}

/** Mounts of the internal listener that have limits of their own. */
const limitedInside: ReadonlySet<string> = new Set([providerTokensPlace.name, messageTokensPlace.name]);

/** Of the public listener it does not matter: its hosts are those of the public address. */
const nowhere: Listening = { host: '', port: 0 };

/** Builds the snapshot that all listeners share: one set of routes, of limits on them, and of upstreams. */
export function createRoutingSnapshot(options: CheckedGatewayOptions, persistent: PersistentState): RoutingSnapshot {
  const { cache, credentialCache, usedProofs, mint, revocations, slowClients, metrics, readHeaders } = persistent;
  const { publicOrigin, keyRing, routes, logger, accessLog } = options;
  const inFlight: InFlight = { count: 0, onIdle: undefined };
  const requestLimits = persistent.requestLimits.plan();
  const upstreams = persistent.upstreams.plan(routes);
  const limitsOf: LimitsOf = (owner, limits) =>
    limits === undefined ? requestLimits.of('gateway', options.limits.requests) : requestLimits.of(owner, limits);
  const keys = createKeysMount(keyRing);
  const resourceOf: ResourceOf = (route) => protectedResourceOf(route, publicOrigin, options.permissions);
  const brandFiles = createBrandMount(options.brand);
  const recordUse = createCredentialUseRecorder(credentialCache.lastUses, logger);
  const mounts = [
    ...options.mounts,
    ...(options.introspection === undefined
      ? []
      : createIntrospectionMounts({ ...options, options: options.introspection, credentialCache, recordUse })),
    keys,
    brandFiles,
    createSessionEventsMount({ ...persistent, clock: options.clock }),
    createSessionExtensionMount(options.sessions),
    createNoProviderTokensMount(),
    createNoMessageTokensMount(),
    ...createProtectedResourceMounts(
      routes.flatMap((route) => resourceOf(route) ?? []),
      {
        issuer: publicOrigin,
        productName: options.brand.name,
        originsOf: (name) => routes.find((route) => route.name === name)?.cors?.origins ?? [],
      },
    ),
  ];
  const renderErrorPage = createErrorPageRenderer({ ...options, signInPath: options.pages.signIn });
  const tables: Record<ListenerKind, RouteTable> = {
    public: createRouteTable(routes, mounts, limitsOf, options.cors, resourceOf),
    // Mounts are for browsers: identity is never reached through the internal listener.
    // Calls of services count against no limit, but for what a provider may be asked for, and for signatures.
    internal: createRouteTable(
      routes,
      [
        keys,
        brandFiles,
        createRevocationsMount(revocations),
        createProviderTokensMount(routes, options.providerTokens),
        createMessageTokensMount(options),
        // Behind forward auth a proxy decides which path a service sees.
        ...(options.forwardAuth === undefined ? [createAudienceRoutesMount(routes)] : []),
      ],
      (owner, limits) => (limitedInside.has(owner) ? requestLimits.of(owner, limits ?? []) : undefined),
      undefined,
      resourceOf,
    ),
    machine: createRouteTable(routes, mountsForMachines(mounts), limitsOf, undefined, resourceOf),
  };
  const readCookies = createCookieReader(sessionCookieFor(options.publicUrl).name);
  const audiences = new Set(routes.map((route) => route.audience));
  const credentials: CredentialParts = {
    cache,
    readCookies,
    publicOrigins: publicOriginsOf(options),
    recordActivity: createActivityRecorder(options.sessions, logger),
    keyRing,
    publicOrigin,
    now: options.now,
    audiences: [...audiences],
    zones: zonesOf(routes),
    authenticators: options.authenticators,
    credentialCache,
    recordUse,
    usedProofs,
    dpopNonces:
      options.dpopNonceSecret === undefined ? undefined : createDpopNonces(options.dpopNonceSecret, options.clock),
    machineOrigin: options.machines?.publicUrl === undefined ? undefined : new URL(options.machines.publicUrl).origin,
  };
  const authenticators = {
    public: createAuthenticators('public', credentials),
    internal: createAuthenticators('internal', credentials),
    machine: createAuthenticators('machine', credentials),
  };
  const webhooks: WebhookParts | undefined =
    options.webhooks === undefined
      ? undefined
      : { ...options.webhooks, held: persistent.webhookBytes, mint, clock: options.clock, logger };
  const forwarders = createListenerForwarders(options, persistent, {
    tables,
    upstreams,
    readCookies,
    webhooks,
    binding: { mint, thumbprint: persistent.upstreamIdentity.thumbprint },
  });
  const decisionFor = createDecisionPartsOf(options, {
    mint,
    tables,
    authenticators,
    readHeaders,
    readCertificate: persistent.machines.read,
  });
  const explain = createExplainer(options, { decisionFor, credentials, mounts, limitsOf, resourceOf, audiences });
  const noteRefusal: Record<ListenerKind, NoteRefusal> = {
    public: createNoteRefusal('public', { logger, accessLog, metrics: metrics.public }),
    internal: createNoteRefusal('internal', { logger, accessLog, metrics: metrics.internal }),
    machine: createNoteRefusal('machine', { logger, accessLog, metrics: metrics.machine }),
  };

  const partsFor: RoutingSnapshot['partsFor'] = (kind, address, isDraining) => ({
    listener: kind,
    decision: decisionFor(kind, address),
    forwarder: forwarders[kind],
    slowClients,
    clock: options.clock,
    logger,
    accessLog,
    traces: options.traces,
    metrics: metrics[kind],
    tracer: options.tracer,
    inFlight,
    onRefusal: options.onRefusal,
    isReady: () => !isDraining() && options.isReady(),
    readinessWarnings: options.readinessWarnings,
    isDraining,
    publicOrigin,
    // The internal listener has no TLS, and neither of the others a browser.
    strictTransport: kind === 'public' ? options.strictTransport : undefined,
    renderErrorPage,
  });

  return {
    partsFor,
    inProcessParts: (takeContinuation, isDraining) => ({
      ...partsFor('public', nowhere, isDraining),
      forwarder: createHandOver({
        takeContinuation,
        readCookies,
        protocol: options.isSecure ? 'https' : 'http',
        strictTransport: options.strictTransport,
      }),
    }),
    isTrustedProxy: createNetworkCheck(options.trustedProxies),
    noteRefusalOf: (kind) => noteRefusal[kind],
    explain: async (question, internal = { host: 'localhost', port: 0 }) =>
      explain(question, question.listener === 'internal' ? internal : nowhere),
    forwardAuthParts: (proxies, isDraining) => {
      const publicParts = partsFor('public', nowhere, isDraining);
      return toForwardAuthParts(options, proxies, { publicParts, mounts, limitsOf, resourceOf, readCookies });
    },
    use: () => {
      requestLimits.use();
      upstreams.use();
    },
    retire: (onClosed) => {
      upstreams.retire();
      inFlight.onIdle = () => {
        inFlight.onIdle = undefined;
        void upstreams.release().finally(onClosed);
      };
      if (inFlight.count === 0) inFlight.onIdle();
    },
    close: () => upstreams.release(),
  };
}
