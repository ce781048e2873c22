import type { IncomingMessage } from 'node:http';
import {
  asSallyportError,
  internalIssuerPath,
  parseBearerToken,
  SallyportError,
  type Logger,
  type Principal,
  type ProblemContext,
  type TokenVerifier,
} from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { requireTokenPeer } from '../certificates/require-token-peer.ts';
import type { ServiceCertificates } from '../certificates/service-certificates.ts';
import { ConnectionWatch } from '../connections/connection-watch.ts';
import { admitConnection } from '../guard/connection-admission.ts';
import { SALLYPORT_OPTIONS, SERVICE_CERTIFICATES, TOKEN_VERIFIER } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { listGraphqlHandlers } from './graphql-handlers.ts';

/** The socket below subscriptions, of `ws`. */
export interface SubscriptionSocket {
  close(code: number, reason: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Who opened a connection. */
interface Opener {
  readonly token: string;
  readonly principal: Principal;
}

/** A client that does not answer a close frame is cut off. */
const closeMilliseconds = 750;

/** The connections of GraphQL subscriptions, from the request of their upgrade to their end. */
@Injectable()
export class SubscriptionConnections {
  readonly #openers = new WeakMap<IncomingMessage, Opener>();
  readonly #opened = new WeakSet<IncomingMessage>();
  readonly #verifier: TokenVerifier;
  readonly #certificates: ServiceCertificates | undefined;
  readonly #watch: ConnectionWatch;
  readonly #logger: Logger;
  readonly #options: SallyportOptions;
  readonly #list: () => ReturnType<typeof listGraphqlHandlers>;
  #takesAnyone: boolean | undefined;

  constructor(
    @Inject(TOKEN_VERIFIER) verifier: TokenVerifier,
    @Inject(ConnectionWatch) watch: ConnectionWatch,
    @Inject(SALLYPORT_OPTIONS) options: SallyportOptions,
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
    @Inject(SERVICE_CERTIFICATES) certificates: ServiceCertificates | undefined,
  ) {
    this.#certificates = certificates;
    this.#verifier = verifier;
    this.#watch = watch;
    this.#logger = options.logger ?? createNestLogger();
    this.#options = options;
    this.#list = () => listGraphqlHandlers(discovery, scanner);
  }

  /** Finds out who opens a connection. Rejects with what the verifier says, or `SP_UNAUTHENTICATED` without a token. */
  async verify(request: IncomingMessage): Promise<void> {
    const token = parseBearerToken(request.headers.authorization);
    if (token !== undefined) {
      const principal = this.#verifier.recall(token) ?? (await this.#verifier.verify(token));
      requireTokenPeer(principal, this.#certificates, request);
      this.#openers.set(request, { token, principal });
      return;
    }
    this.#takesAnyone ??= this.#list().some(
      ({ kind, access }) => kind === 'subscription' && (access.kind === 'public' || access.kind === 'optional'),
    );
    if (!this.#takesAnyone) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-token' });
  }

  /** Lets the guard know who opened a connection, until it ends. Does nothing for one that is open already, or anonymous. */
  open(request: IncomingMessage, socket: SubscriptionSocket): void {
    const opener = this.#openers.get(request);
    if (opener === undefined || this.#opened.has(request)) return;
    this.#opened.add(request);
    const watched = this.#watch.watch({
      ...opener,
      end: ({ closeCode, closeReason }) => {
        socket.close(closeCode, closeReason);
        setTimeout(() => socket.terminate(), closeMilliseconds).unref();
      },
    });
    socket.once('close', () => watched.forget());
    admitConnection(request, { principal: opener.principal, refusal: () => watched.refusal() });
  }

  /** Notes in the log why a connection was refused. */
  recordRefusal(cause: unknown, request: IncomingMessage): SallyportError {
    const error = asSallyportError(cause);
    const { code, status, reason } = error;
    const fields = { requestId: requestIdOf(request), status, code, reason };
    this.#logger.info('connection refused', { event: 'connection-refused', ...fields });
    return error;
  }

  problemContextOf(request: IncomingMessage): ProblemContext {
    const { issuer, documentationOrigin = publicUrlOf(issuer) } = this.#options;
    return { requestId: requestIdOf(request), documentationOrigin };
  }
}

function publicUrlOf(issuer: string): string {
  return issuer.endsWith(internalIssuerPath) ? issuer.slice(0, -internalIssuerPath.length) : new URL(issuer).origin;
}
