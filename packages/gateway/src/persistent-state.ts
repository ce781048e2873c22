import { silentMeter } from '@sallyport/core';
import type { CheckedGatewayOptions } from './gateway-options.ts';
import { createGatewayMetrics, type GatewayMetrics } from './record/gateway-metrics.ts';
import type { TunnelCap } from './forward/forward.ts';
import { createHeaderReader, readHeaders, type HeaderReader } from './firewall/inbound-headers.ts';
import { createUpstreams, type Upstreams } from './forward/upstreams.ts';
import { createUpstreamIdentity, type UpstreamIdentity, type UpstreamTls } from './forward/upstream-tls.ts';
import { createMachineListener, type MachineListener } from './machines/machine-listener.ts';
import { createRequestLimits, type RequestLimits } from './limits/request-limits.ts';
import { createSlowClients, type SlowClients } from './limits/slow-clients.ts';
import type { ListenerKind } from './pipeline/request-state.ts';
import { createRevocationFeed, type RevocationFeed } from './sessions/revocation-feed.ts';
import { measureRevocations } from './sessions/measure-revocations.ts';
import { createSessionCache, type SessionCache } from './sessions/session-cache.ts';
import { createStreamRegister, type StreamRegister } from './streams/stream-register.ts';
import { createCredentialCache, type CredentialCache } from './credentials/credential-cache.ts';
import { createTokenMint, type TokenMint } from './credentials/token-mint.ts';
import { createUsedProofs, type UsedProofs } from './credentials/used-proofs.ts';
import { createHeldBytes, type HeldBytes } from './webhooks/held-bytes.ts';

/** Persistent state: what is kept across reloads of the configuration. */
export interface PersistentState {
  readonly cache: SessionCache;
  readonly credentialCache: CredentialCache;
  readonly usedProofs: UsedProofs;
  readonly mint: TokenMint;
  readonly readHeaders: HeaderReader['read'];
  readonly streams: StreamRegister;
  readonly revocations: RevocationFeed;
  readonly slowClients: SlowClients;
  readonly upstreams: Upstreams;
  readonly upstreamIdentity: CurrentIdentity;
  readonly tunnels: TunnelCap;
  readonly requestLimits: RequestLimits;
  readonly webhookBytes: HeldBytes;
  /** Of the listener for machines, once there is one. */
  readonly machines: MachineListener;
  readonly metrics: Readonly<Record<ListenerKind, GatewayMetrics | undefined>>;
  /** Ends the streams that have no end of their own to wait for. */
  drain(): void;
  close(): void;
}

/** The certificate that the gateway presents to services. */
export interface CurrentIdentity {
  /** `x5t#S256` of it; `undefined` where there is none. */
  readonly thumbprint: () => string | undefined;
  /** @throws OptionsError when it cannot be used; the one before stays. */
  readonly replace: (tls: UpstreamTls) => void;
}

/** Builds the persistent state; it lives as long as the gateway. */
export function createPersistentState(options: CheckedGatewayOptions): PersistentState {
  const { publicOrigin, keyRing, sessions, clock, meter, limits, bus } = options;
  const isCounted = meter !== silentMeter;
  const cache = createSessionCache({ sessions, bus, clock, meter, ...options.sessionCache });
  const credentialCache = createCredentialCache({ bus, clock, meter, ...options.sessionCache });
  const revocations = createRevocationFeed({
    bus,
    clock,
    maximumSubscribers: options.revocationSubscribers,
    meter,
  });
  const slowClients = createSlowClients({
    graceSeconds: limits.slowSeconds,
    bytesPerSecond: limits.slowBytesPerSecond,
  });
  let identity: UpstreamIdentity | undefined =
    options.upstreamTls === undefined ? undefined : createUpstreamIdentity(options.upstreamTls);
  const thumbprint = (): string | undefined => identity?.thumbprint;
  const mint = createTokenMint({
    keyRing,
    publicOrigin,
    clock,
    lifetimeSeconds: options.tokenLifetimeSeconds,
    maxEntries: options.sessionCache.maxEntries,
    thumbprint,
    meter,
  });
  const requestLimits = createRequestLimits({
    shared: options.sharedCounts === undefined ? undefined : { ...options.sharedCounts, logger: options.logger },
    maxSubjects: limits.requestSubjects,
    meter,
  });
  const webhookBytes = createHeldBytes(limits.webhookBytes);
  if (options.webhooks !== undefined)
    meter.gauge(
      {
        name: 'sallyport_webhook_held_bytes',
        help: 'Bytes of webhook bodies that wait for their verification or their answer',
      },
      () => webhookBytes.held,
    );
  const credentialHeaders = options.authenticators.flatMap(({ headers = [] }) => headers);
  const isClaimed = (value: string): boolean =>
    options.authenticators.some((one) => one.recognize({ header: 'authorization', value }) !== undefined);
  const upstreams = createUpstreams({
    meter,
    breaker: { failures: options.upstreams.failures, pauseMilliseconds: options.upstreams.pauseSeconds * 1000 },
    connectionSeconds: options.upstreams.connectionSeconds,
    identity: () => identity,
  });
  const unsubscribe = bus.subscribe((message) => {
    // Among what was missed may be that a key was withdrawn. What a rotated key signed holds until it expires.
    if (message.kind === 'gap' || (message.event.kind === 'key' && message.event.minGeneration > 0)) mint.forgetAll();
  });
  const machines = createMachineListener(options);
  const stopMeasuring = measureRevocations(options);
  const streams = createStreamRegister({
    signInPath: options.pages.signIn,
    stepUpPath: options.pages.stepUp,
    ...options.streams,
    cache,
    bus,
    clock,
    meter,
  });
  return {
    cache,
    credentialCache,
    usedProofs: createUsedProofs({ clock, shared: options.sharedCounts }),
    mint,
    readHeaders:
      options.authenticators.length === 0 ? readHeaders : createHeaderReader(credentialHeaders, isClaimed).read,
    streams,
    revocations,
    slowClients,
    upstreams,
    upstreamIdentity: {
      thumbprint,
      // In one step: a token that is bound to the new one goes over no connection of the old one, nor the other way round.
      replace: (tls) => {
        identity = createUpstreamIdentity(tls);
        upstreams.renewIdentity();
      },
    },
    tunnels: { most: options.streams.tunnels, open: 0 },
    requestLimits,
    webhookBytes,
    machines,
    metrics: {
      public: isCounted ? createGatewayMetrics(meter, 'public') : undefined,
      internal: isCounted ? createGatewayMetrics(meter, 'internal') : undefined,
      machine: isCounted && options.machines !== undefined ? createGatewayMetrics(meter, 'machine') : undefined,
    },
    drain: () => {
      revocations.close();
      streams.drain();
    },
    close: () => {
      streams.close();
      cache.close();
      credentialCache.close();
      requestLimits.close();
      unsubscribe();
      slowClients.close();
      stopMeasuring();
      machines.close();
    },
  };
}
