import type { IncomingMessage } from 'node:http';
import {
  anonymous,
  internalIssuerPath,
  parseBearerToken,
  SallyportError,
  type Caller,
  type TokenVerifier,
} from '@sallyport/core';
import type { INestApplicationContext } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { Access } from '../access/resolve-access.ts';
import { requireTokenPeer } from '../certificates/require-token-peer.ts';
import type { ServiceCertificates } from '../certificates/service-certificates.ts';
import { ConnectionWatch } from '../connections/connection-watch.ts';
import { RefusalLog } from '../errors/refusal-log.ts';
import { SALLYPORT_OPTIONS, SERVICE_CERTIFICATES, TOKEN_VERIFIER } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { rememberCaller } from '../request-caller.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { createConnectionLimits } from './connection-limits.ts';
import { listSocketGateways, requireConnectionAccess, type SocketGateway } from './gateway-access.ts';
import type { RefusalParts } from './refuse-handshake.ts';
import { SOCKET_ADAPTERS, type SocketAdapters } from './socket-adapters.ts';
import { bindSocketExceptionFilter } from './socket-exception-filter.ts';
import { requireSocketOptions, type SallyportSocketOptions, type SocketSettings } from './socket-options.ts';

/** Who opens a connection, and the place that is taken for it. */
export interface Admitted {
  readonly caller: Caller;
  /** What the caller presented; absent for an anonymous one. */
  readonly token: string | undefined;
  /** Gives the place back; the second time it does nothing. */
  readonly release: () => void;
}

/** What both adapters decide by. */
export interface SocketAdmission {
  readonly settings: SocketSettings;
  readonly refusal: RefusalParts;
  readonly watch: ConnectionWatch;
  readonly refusalLog: RefusalLog;
  readonly gateways: readonly SocketGateway[];
  /**
   * Decides about a handshake, before anything is opened: origin, token, what the gateways behind it ask for, limits.
   * What is presented and does not hold is refused also where strangers may connect: a connection would outlive the error.
   *
   * @throws SallyportError with the status to answer.
   */
  admit(request: IncomingMessage, accesses: readonly Access[]): Promise<Admitted>;
  /** Who sent a request of a connection that is open. @throws SallyportError as above. */
  identify(request: IncomingMessage): Promise<Pick<Admitted, 'caller' | 'token'>>;
}

/** Handshakes that are verified at one time: a flood of unknown tokens waits for nothing beyond it. */
const maxPendingHandshakes = 256;

/** Builds it from what the module of the application provides. */
export function createSocketAdmission(
  adapter: string,
  app: INestApplicationContext,
  given: SallyportSocketOptions,
): SocketAdmission {
  const settings = requireSocketOptions(adapter, given);
  const find = <Found>(token: symbol | (abstract new (...values: never[]) => Found)): Found =>
    app.get<Found>(token, { strict: false });
  const { issuer, documentationOrigin, logger } = find<SallyportOptions>(SALLYPORT_OPTIONS);
  const publicOrigin = new URL(issuer).origin;
  const verifier = find<TokenVerifier>(TOKEN_VERIFIER);
  const origins = new Set([publicOrigin, ...settings.origins]);
  const limits = createConnectionLimits(settings);
  let pending = 0;
  const gateways = listSocketGateways(find(DiscoveryService), find(MetadataScanner));
  for (const { type } of gateways) bindSocketExceptionFilter(type);
  find<SocketAdapters>(SOCKET_ADAPTERS).add(adapter);

  const certificates = find<ServiceCertificates | undefined>(SERVICE_CERTIFICATES);

  const identify: SocketAdmission['identify'] = async (request) => {
    const { headers } = request;
    requireKnownOrigin(headers.origin, origins);
    const token = parseBearerToken(headers.authorization);
    if (token === undefined) return { caller: anonymous, token };
    const recalled = verifier.recall(token);
    if (recalled !== undefined) return { caller: requireTokenPeer(recalled, certificates, request), token };
    if (pending >= maxPendingHandshakes)
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'handshakes-pending' });
    pending += 1;
    try {
      return { caller: requireTokenPeer(await verifier.verify(token), certificates, request), token };
    } finally {
      pending -= 1;
    }
  };

  return {
    settings,
    refusal: {
      documentationOrigin:
        documentationOrigin ??
        (issuer.endsWith(internalIssuerPath) ? issuer.slice(0, -internalIssuerPath.length) : publicOrigin),
      logger: logger ?? createNestLogger(),
    },
    watch: find(ConnectionWatch),
    refusalLog: find(RefusalLog),
    gateways,
    identify,
    admit: async (request, accesses) => {
      const { caller, token } = await identify(request);
      // Before anything is refused: the line in the log names the caller.
      rememberCaller(request, caller);
      requireConnectionAccess(caller, accesses);
      return { caller, token, release: limits.take(caller) };
    },
  };
}

/**
 * No rule of browsers keeps a page from opening a WebSocket to another site or to a machine of its own network, so a page
 * must be of a known origin (cross-site WebSocket hijacking). Programs send no Origin.
 */
function requireKnownOrigin(origin: string | undefined, known: ReadonlySet<string>): void {
  if (origin === undefined || known.has(origin)) return;
  throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'handshake-origin' });
}
