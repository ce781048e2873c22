import type { IncomingMessage, ServerResponse } from 'node:http';
import { type MachineTrust, OptionsError } from '@sallyport/core';
import { createForwardAuthHandler } from './forward-auth/forward-auth-handler.ts';
import { checkGatewayOptions, type GatewayOptions } from './gateway-options.ts';
import type { UpstreamTls } from './forward/upstream-tls.ts';
import type { Explanation, ExplainQuestion } from './explain/explanation.ts';
import type { ContinueWith } from './in-process/hand-over.ts';
import { createRequestHandler } from './pipeline/handle-request.ts';
import {
  openListener,
  type Listening,
  type HandleRequest,
  type Listener,
  type ListenerAddress,
  type ListenerOptions,
} from './listeners/listener.ts';
import type { NoteRefusal } from './record/note-refusal.ts';
import type { ListenerKind } from './pipeline/request-state.ts';
import { createHttpsRedirect } from './listeners/https-redirect.ts';
import type { CertificatePair } from './listeners/secure-context.ts';
import { createNetworkCheck } from './firewall/client-address.ts';
import { createPersistentState } from './persistent-state.ts';
import { createRoutingSnapshot, type RoutingSnapshot } from './routing-snapshot.ts';

/** What may change while a gateway runs. */
export type GatewayChange = Pick<
  GatewayOptions,
  | 'routes'
  | 'permissions'
  | 'locales'
  | 'hosts'
  | 'internalHosts'
  | 'hsts'
  | 'trustedProxies'
  | 'accessLog'
  | 'brand'
  | 'cors'
>;

/** Where the listener for machines binds, and which authorities it believes. */
export interface MachineAddress {
  readonly host: string;
  readonly port: number;
  /** Its own certificate; absent where declared proxies terminate TLS. */
  readonly tls?: CertificatePair | undefined;
  readonly trust: MachineTrust;
}

/** The gateway: one listener for browsers, one for zones and services, and one for machines with certificates. */
export interface Gateway {
  /** Opens the public listener, with TLS when a certificate is given. Rejects with a sentence that names a busy port. */
  listen(address: { readonly host: string; readonly port: number; readonly tls?: CertificatePair }): Promise<Listening>;
  /**
   * Uses another certificate for handshakes from now on; open connections stay.
   *
   * @throws OptionsError when the pair cannot be used; the one before stays. TypeError when nothing listens with TLS.
   */
  replaceCertificate(pair: CertificatePair): void;
  /**
   * Presents another certificate to services from now on. Requests in flight end over the connections that they have;
   * nothing new is sent over these.
   *
   * @throws OptionsError when it cannot be used; the one before stays. TypeError when the options had no `upstreamTls`.
   */
  replaceUpstreamTls(tls: UpstreamTls): void;
  /**
   * Opens a listener without TLS that sends browsers to the same path on https, for the hosts that are served, and
   * refuses everything else with `SP_HTTPS_REQUIRED`. It reads no cookie and sets none.
   */
  listenRedirect(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /**
   * Opens the internal listener: keys, health, and calls of zones and services for their users. It believes the tokens
   * that the gateway made, so it belongs on loopback or on a network that only services reach.
   */
  listenInternal(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /**
   * Opens the listener for machines (`machines`): each presents a certificate, over its connection or through a declared
   * proxy, and is asked for it again with every request. No cookie and no browser counts there.
   *
   * @throws OptionsError when the gateway has no `machines`, or when neither a certificate nor a proxy is there.
   */
  listenMachines(address: MachineAddress): Promise<Listening>;
  /**
   * Uses another certificate, and believes others, at the listener for machines from now on. Connections stay open, but
   * for those whose certificate does not count any more.
   *
   * @throws OptionsError when the pair cannot be used; what was before stays. TypeError when there is no such listener.
   */
  replaceMachines(change: Partial<Pick<MachineAddress, 'tls' | 'trust'>>): void;
  /**
   * Says what a listener would do with a request, and why: the same stages, without sending anything on. It keeps no
   * session alive, counts against no limit and shows no secret.
   */
  explain(question: ExplainQuestion): Promise<Explanation>;
  /**
   * Uses other routes and addresses for every request that arrives from now on. Requests and streams in flight
   * end as they began; sessions, tokens and their caches stay.
   *
   * @throws OptionsError with every problem in one message; then nothing has changed.
   */
  reconfigure(change: GatewayChange): void;
  /**
   * Answers `/readyz` with 503 and asks every client to leave with its next answer, while all go on being served: what
   * stands in front has time to send new ones elsewhere. `close` comes after.
   */
  retire(): void;
  /**
   * Opens the listener for auth subrequests (`GET /forward-auth`) of declared proxies (`forwardAuth.proxies`). It has no
   * TLS and answers with the token of the caller, so only proxies may reach it.
   *
   * @throws OptionsError when no proxies are declared.
   */
  listenForwardAuth(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /**
   * Takes a request of another server in this process, in place of a listener: answers it, or, where it would be sent to
   * an upstream, changes its headers to what the upstream would get and continues with the handlers of that server. A
   * WebSocket handshake is none of these requests: it is refused.
   */
  handle(message: IncomingMessage, response: ServerResponse, continueWith: ContinueWith): void;
  /** Stops accepting, lets running requests end within the grace period (10 s by default), then closes everything. */
  close(options?: { readonly graceMilliseconds?: number }): Promise<void>;
}

const defaultGraceMilliseconds = 10_000;

/**
 * Builds the gateway. Nothing listens until `listen` is called; nothing is read from the environment.
 *
 * @throws OptionsError with every problem of the options or routes in one message.
 */
export function createGateway(options: GatewayOptions): Gateway {
  let checked = checkGatewayOptions(options);
  const persistent = createPersistentState(checked);
  let current = createRoutingSnapshot(checked, persistent);
  current.use();
  const retired = new Set<RoutingSnapshot>();
  const continuations = new WeakMap<IncomingMessage, ContinueWith>();
  let handleInProcess: HandleRequest | undefined;
  const listeners: Listener[] = [];
  const rebuilds: (() => void)[] = [];
  const certified: Listener[] = [];
  let isDraining = false;
  let internal: Listening | undefined;
  let machines: Listener | undefined;
  checked.meter.gauge({ name: 'sallyport_gateway_connections', help: 'Connections that are open' }, () =>
    listeners.reduce((sum, listener) => sum + listener.connectionCount(), 0),
  );

  const isMachineProxy = createNetworkCheck(checked.machines?.behindProxy?.proxies ?? []);
  // Connections outlive a change, and which proxies are trusted may have changed by the next one.
  const listenerOptionsFor = (kind: ListenerKind): ListenerOptions => ({
    limits: checked.limits,
    slowClients: persistent.slowClients,
    caps: {
      total: checked.limits.connections,
      // Behind the internal listener are services, few and known.
      perAddress: kind === 'internal' ? checked.limits.connections : checked.limits.connectionsPerAddress,
      isExempt: kind === 'machine' ? isMachineProxy : (address) => current.isTrustedProxy(address),
    },
    note: (refusal) => current.noteRefusalOf(kind)(refusal),
  });

  /** Opens a listener whose handler is built anew on reload. */
  const openRebuilt = async (
    address: ListenerAddress,
    build: (at: Listening) => HandleRequest,
    listenerOptions: ListenerOptions,
  ): Promise<Listener> => {
    // The port is known only after listening, and the internal hosts hold it: nothing arrives in between, because
    // connections are accepted in a later turn of the event loop.
    let handle = build(address);
    const listener = await openListener(
      address,
      checked.publicOrigin,
      (request, response, proceed, isHandedOver) => handle(request, response, proceed, isHandedOver),
      listenerOptions,
    );
    const rebuild = (): void => {
      handle = build(listener);
    };
    rebuild();
    rebuilds.push(rebuild);
    listeners.push(listener);
    return listener;
  };

  const buildFor =
    (kind: ListenerKind) =>
    (at: Listening): HandleRequest =>
      createRequestHandler(current.partsFor(kind, at, () => isDraining));

  const open = async (kind: ListenerKind, address: ListenerAddress): Promise<Listening> => {
    const build = buildFor(kind);
    const listener = await openRebuilt(address, build, listenerOptionsFor(kind));
    if (kind === 'internal') internal = listener;
    if (address.tls !== undefined) certified.push(listener);
    return toListening(listener);
  };

  const buildInProcess = (): HandleRequest => {
    const takeContinuation = (message: IncomingMessage): ContinueWith | undefined => {
      const continueWith = continuations.get(message);
      continuations.delete(message);
      return continueWith;
    };
    return createRequestHandler(current.inProcessParts(takeContinuation, () => isDraining));
  };

  return {
    handle: (message, response, continueWith) => {
      continuations.set(message, continueWith);
      handleInProcess ??= buildInProcess();
      handleInProcess(message, response, () => {}, false);
    },
    listen: (address) => open('public', address),
    listenInternal: (address) => open('internal', address),
    replaceCertificate: (pair) => {
      if (certified.length === 0) throw new TypeError('nothing listens with TLS');
      for (const listener of certified) listener.replaceCertificate(pair);
    },
    replaceUpstreamTls: (tls) => {
      if (options.upstreamTls === undefined) throw new TypeError('the gateway presents no certificate to services');
      persistent.upstreamIdentity.replace(tls);
    },
    listenMachines: async ({ trust, ...address }) => {
      if (checked.machines === undefined) throw new OptionsError('the options have no machines');
      if (address.tls === undefined && checked.machines.behindProxy === undefined)
        throw new OptionsError('the listener for machines needs a certificate, or proxies that have one');
      const certificates = persistent.machines.use(trust);
      machines = await openRebuilt({ ...address, trust }, buildFor('machine'), {
        ...listenerOptionsFor('machine'),
        takesHandshakes: false,
        onConnection: (socket) => certificates.connect(socket),
      });
      return toListening(machines);
    },
    replaceMachines: ({ tls, trust }) => {
      if (machines === undefined) throw new TypeError('there is no listener for machines');
      if (tls !== undefined) machines.replaceCertificate(tls);
      if (trust === undefined) return;
      // New handshakes first: a machine that it cuts off comes back at once.
      machines.replaceTrust(trust);
      persistent.machines.use(trust);
    },
    listenRedirect: async (address) => {
      const note: NoteRefusal = (refusal) => current.noteRefusalOf('public')(refusal);
      const build = (): HandleRequest => createHttpsRedirect(checked, note);
      return toListening(await openRebuilt(address, build, listenerOptionsFor('public')));
    },
    listenForwardAuth: async (address) => {
      if (options.forwardAuth === undefined) throw new OptionsError('no proxies are declared that may ask');
      const { proxies } = options.forwardAuth;
      const build = (): HandleRequest => createForwardAuthHandler(current.forwardAuthParts(proxies, () => isDraining));
      return toListening(
        await openRebuilt(address, build, { ...listenerOptionsFor('internal'), takesHandshakes: false }),
      );
    },
    explain: (question) => current.explain(question, internal),
    reconfigure: (change) => {
      const nextOptions = checkGatewayOptions({ ...options, ...change });
      const next = createRoutingSnapshot(nextOptions, persistent);
      next.use();
      const before = current;
      checked = nextOptions;
      current = next;
      for (const rebuild of rebuilds) rebuild();
      handleInProcess = undefined;
      retired.add(before);
      before.retire(() => retired.delete(before));
    },
    retire: () => {
      isDraining = true;
    },
    close: async ({ graceMilliseconds = defaultGraceMilliseconds } = {}) => {
      isDraining = true;
      persistent.drain();
      await Promise.all(listeners.map((listener) => listener.drain(graceMilliseconds)));
      await Promise.all([...retired, current].map((parts) => parts.close()));
      persistent.close();
    },
  };
}

function toListening({ host, port }: Listener): Listening {
  return { host, port };
}
