import type { IncomingMessage } from 'node:http';
import { toProblem, type SallyportError } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { markAsGuarded } from './guarded-hooks.ts';
import { SubscriptionConnections, type SubscriptionSocket } from './subscription-connections.ts';

/** What graphql-ws hands its hooks, as far as it is needed here. */
export interface GraphqlWsConnection {
  readonly extra: unknown;
}

/** Hooks for `subscriptions: { 'graphql-ws': … }` of `GraphQLModule` with Apollo. */
export interface GraphqlWsHooks {
  readonly onConnect: (connection: GraphqlWsConnection) => Promise<boolean>;
}

type VerifyNext = (result: boolean, code?: number, message?: string, headers?: Record<string, string>) => void;

/** Hooks for `subscription` of `GraphQLModule` with Mercurius. */
export interface MercuriusHooks {
  readonly verifyClient: (info: { readonly req: IncomingMessage }, next: VerifyNext) => void;
  readonly context: (socket: SubscriptionSocket, request: { readonly raw: IncomingMessage }) => Promise<object>;
}

/**
 * Verifies who opens a connection for GraphQL subscriptions, before the connection is accepted, and ends it when the
 * caller's token expires or is revoked. The caller is the one of the `Authorization` header of the upgrade, which the
 * gateway attaches; what a client sends as `connectionParams` is no credential.
 *
 * A connection without a token is accepted where a subscription is `@Public` or `@OptionalAuth`; one with a token that
 * does not hold never is.
 *
 * @example
 * GraphQLModule.forRootAsync<ApolloDriverConfig>({
 *   driver: ApolloDriver,
 *   inject: [SallyportSubscriptions],
 *   useFactory: (subscriptions: SallyportSubscriptions) => ({
 *     autoSchemaFile: true,
 *     fieldResolverEnhancers: ['guards'],
 *     subscriptions: { 'graphql-ws': subscriptions.graphqlWs() },
 *   }),
 * })
 */
@Injectable()
export class SallyportSubscriptions {
  readonly #connections: SubscriptionConnections;

  constructor(@Inject(SubscriptionConnections) connections: SubscriptionConnections) {
    this.#connections = connections;
  }

  /**
   * Hooks for Apollo. A connection that is refused is closed with 4401 and the code of the error, or with 1013 where the
   * token cannot be verified now; it is never acknowledged.
   *
   * @param more hooks and options of graphql-ws of your own; your `onConnect` is asked about callers that were verified
   */
  graphqlWs<More extends Partial<GraphqlWsHooks>>(more?: More): Omit<More, 'onConnect'> & GraphqlWsHooks {
    const onConnect = async (connection: GraphqlWsConnection): Promise<boolean> => {
      const { request, socket } = upgradeOf(connection);
      try {
        await this.#connections.verify(request);
      } catch (error) {
        const { code, status } = this.#connections.recordRefusal(error, request);
        socket.close(status === 401 ? 4401 : 1013, code);
        return false;
      }
      this.#connections.open(request, socket);
      return (await more?.onConnect?.(connection)) ?? true;
    };
    return { ...(more as More), onConnect: markAsGuarded(onConnect) };
  }

  /**
   * Hooks for Mercurius. A connection that is refused is answered with 401 or 503 and problem+json instead of an upgrade.
   *
   * @param more options of `subscription` of your own; your `context` is called for callers that were verified
   */
  mercurius<More extends Partial<Pick<MercuriusHooks, 'context'>>>(
    more?: More,
  ): Omit<More, 'context'> & MercuriusHooks {
    const verifyClient: MercuriusHooks['verifyClient'] = ({ req }, next) => {
      void this.#verifyClient(req, next);
    };
    const context: MercuriusHooks['context'] = async (socket, request) => {
      this.#connections.open(request.raw, socket);
      return (await more?.context?.(socket, request)) ?? {};
    };
    return { ...(more as More), verifyClient: markAsGuarded(verifyClient), context };
  }

  async #verifyClient(request: IncomingMessage, next: VerifyNext): Promise<void> {
    try {
      await this.#connections.verify(request);
    } catch (error) {
      this.#answer(this.#connections.recordRefusal(error, request), request, next);
      return;
    }
    next(true);
  }

  #answer(error: SallyportError, request: IncomingMessage, next: VerifyNext): void {
    const { status, headers, body } = toProblem(error, this.#connections.problemContextOf(request));
    // ws adds names of its own in this spelling, and would send a second Content-Type otherwise.
    const spelled = Object.entries(headers).map(([name, value]) => [name.replaceAll(/\b[a-z]/g, toUpperCase), value]);
    next(false, status, JSON.stringify(body), Object.fromEntries(spelled) as Record<string, string>);
  }
}

function toUpperCase(letter: string): string {
  return letter.toUpperCase();
}

/** graphql-ws keeps what `ws` gave it in `extra`. */
function upgradeOf({ extra }: GraphqlWsConnection): {
  readonly request: IncomingMessage;
  readonly socket: SubscriptionSocket;
} {
  return extra as ReturnType<typeof upgradeOf>; // The server of GraphQLModule is graphql-ws/use/ws, which sets both.
}
