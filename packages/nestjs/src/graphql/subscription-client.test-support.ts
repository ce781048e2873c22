import type { INestApplication } from '@nestjs/common';
import type { FormattedExecutionResult } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { portOf } from './graphql-service.test-support.ts';

type Answer = FormattedExecutionResult<Readonly<Record<string, unknown>>, unknown>;

type Errors = NonNullable<Answer['errors']>;

/** What a connection of a test saw. */
export interface SubscriptionClient {
  /** Statuses that were answered instead of an upgrade. */
  readonly refusals: readonly { readonly status: number | undefined; readonly body: string }[];
  readonly closes: readonly { readonly code: number; readonly reason: string }[];
  /** Whether the service acknowledged the connection. */
  readonly isAcknowledged: boolean;
  /** Sends an operation. What it answers stands in the list, and an end without an answer nowhere. */
  send(query: string): readonly Answer[];
  close(): Promise<void>;
}

export interface SubscriptionClientOptions {
  readonly token?: string;
  readonly connectionParams?: Record<string, unknown>;
}

/** Opens a connection as a gateway does it for its caller: the token is a header of the upgrade. */
export function openSubscriptions(app: INestApplication, options: SubscriptionClientOptions = {}): SubscriptionClient {
  const refusals: { status: number | undefined; body: string }[] = [];
  const closes: { code: number; reason: string }[] = [];
  let isAcknowledged = false;
  class ClientSocket extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, {
        headers: options.token === undefined ? {} : { authorization: `Bearer ${options.token}` },
      });
      this.on('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          refusals.push({ status: response.statusCode, body: Buffer.concat(chunks).toString() });
          this.terminate();
        });
      });
      this.on('close', (code, reason) => closes.push({ code, reason: reason.toString() }));
    }
  }
  const client: Client = createClient({
    url: `ws://127.0.0.1:${portOf(app)}/graphql`,
    webSocketImpl: ClientSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    ...(options.connectionParams === undefined ? {} : { connectionParams: options.connectionParams }),
    on: { connected: () => (isAcknowledged = true) },
  });
  return {
    refusals,
    closes,
    get isAcknowledged() {
      return isAcknowledged;
    },
    send: (query) => {
      const answers: Answer[] = [];
      client.subscribe<Readonly<Record<string, unknown>>>(
        { query },
        {
          next: (answer) => void answers.push(answer as Answer),
          error: (error) => {
            // An answer of errors alone. What else arrives here is the end of the connection, which `closes` tells.
            if (Array.isArray(error)) answers.push({ errors: error as Errors });
          },
          complete: () => {},
        },
      );
      return answers;
    },
    close: async () => {
      await client.dispose();
    },
  };
}
