import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialKind, RequestContext, RequestLimit } from '@sallyport/core';

/**
 * A handler in the gateway's own process, such as identity under `/auth`. It stands behind the same stages as a route:
 * firewall, session, cross-site protection and access are settled by the time `handle` is called.
 */
export interface Mount {
  /** Name in logs and traces; unique among routes and mounts. */
  readonly name: string;
  /** Path prefix, matched by whole segments. */
  readonly prefix: string;
  readonly access: 'public' | 'optional' | 'signed-in' | 'service';
  /** What callers may present. @default the session: most mounts are for people, who are there in person */
  readonly credentials?: readonly CredentialKind[];
  /** Whether the listener for machines serves it as well: their certificate is in the context. @default no */
  readonly machines?: boolean;
  /** Audiences that may call it through the internal listener. @default none */
  readonly callers?: readonly string[];
  /** Whether the session is read from the store on every request. @default false */
  readonly fresh?: boolean;
  /** Requests to a mount never keep a session alive. */
  readonly slide: false;
  /** How many requests may come; absent means the limits of the gateway. */
  readonly requestLimits?: readonly RequestLimit[];
  /** The most that it reads of a body: who announces more is not asked for it. Absent means it counts by itself. */
  readonly bodyBytes?: number;
  /**
   * What it answers to scripts of other sites that the configuration lists, without cookies: tokens, or public documents.
   * Absent means nothing.
   */
  readonly crossOrigin?: 'tokens' | 'documents';
  /** Other sites whose scripts may use it beside those that the configuration lists for all such mounts. @default none */
  readonly moreOrigins?: readonly string[];
  /** The methods that such scripts may use. @default GET, and POST for tokens or HEAD for documents */
  readonly crossOriginMethods?: readonly string[];
  /** Answers the request. What it throws, or rejects with, becomes a problem answer. */
  handle(request: IncomingMessage, response: ServerResponse, context: RequestContext): void | Promise<void>;
}
