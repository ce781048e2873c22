import { Readable } from 'node:stream';
import {
  asSallyportError,
  SallyportError,
  withTimeout,
  type ClaimedDelivery,
  type DeliveryClaim,
  type Logger,
  type WebhookDeliveries,
  type WebhookOptions,
  type WebhookSecrets,
} from '@sallyport/core';
import type { TokenMint } from '../credentials/token-mint.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { HeldBody, HeldBytes } from '../webhooks/held-bytes.ts';
import { webhookCallerOf } from '../webhooks/webhook-caller.ts';
import { endOfDelivery, requireTimely, type WebhookHeaders } from '../webhooks/webhook-headers.ts';
import { webhookKeysOf } from '../webhooks/webhook-keys.ts';
import { beginWebhookSignature, type WebhookSignature } from '../webhooks/webhook-signature.ts';
import { clientKeyOf } from './client-key.ts';
import type { Forwarding, SendOn, Transfer } from './forwarding.ts';
import { tooLarge } from './held-body.ts';

/** What verifies deliveries, and remembers them. */
export interface WebhookParts {
  /** As they are now. */
  readonly secrets: () => WebhookSecrets;
  readonly deliveries: WebhookDeliveries;
  readonly held: HeldBytes;
  readonly mint: TokenMint;
  readonly clock: () => number;
  readonly logger: Logger;
}

/** A delivery, and the route that it came to. */
export interface Delivery {
  readonly route: ResolvedRoute;
  readonly webhook: WebhookOptions;
  readonly headers: WebhookHeaders;
  /** How long no other gateway takes it, should this one die. */
  readonly claimSeconds: number;
}

/** How long the gateway waits for the store that remembers deliveries. */
const storeMilliseconds = 5000;

/** Clocks of gateways differ, and a delivery that is just too old for one may not be for another. */
const rememberedBeyondMilliseconds = 300_000;

/**
 * A delivery whose body is on its way. The body is held, and takes no place at the upstream, until it is whole, its
 * signature holds and no gateway has delivered it before. It counts as delivered when the service answers 2xx, which is
 * noted before the sender hears of it; after any other answer, or none, the sender may send it again.
 */
export class WebhookTransfer implements Transfer, Forwarding {
  readonly response: Forwarding['response'];
  readonly proceed: () => void;
  readonly #forwarding: Forwarding;
  readonly #delivery: Delivery;
  readonly #parts: WebhookParts;
  readonly #sendOn: SendOn;
  readonly #pieces: Buffer[] = [];
  readonly #held: HeldBody;
  readonly #signature: WebhookSignature;
  #size = 0;
  #claim: DeliveryClaim | undefined;
  #isOver = false;
  transfer: Transfer | undefined;

  constructor(forwarding: Forwarding, delivery: Delivery, parts: WebhookParts, sendOn: SendOn) {
    this.#forwarding = forwarding;
    this.#delivery = delivery;
    this.#parts = parts;
    this.#sendOn = sendOn;
    this.response = forwarding.response;
    this.proceed = forwarding.proceed;
    const { webhook, headers, route } = delivery;
    const { state } = forwarding;
    const keys = webhookKeysOf(parts.secrets(), webhook);
    this.#signature = beginWebhookSignature(route.name, headers, webhook, keys);
    this.#held = parts.held.open(clientKeyOf(state), webhook.bodyBytes);
    this.response.once('close', () => this.#held.release());
    this.#collect(state);
  }

  get state(): RequestState {
    return this.#forwarding.state;
  }

  get upstreamMilliseconds(): number | undefined {
    return this.transfer?.upstreamMilliseconds;
  }

  abort(): void {
    this.#isOver = true;
    this.transfer?.abort();
    void this.#release();
  }

  fail(error: SallyportError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pieces.length = 0;
    // A sender that tries again at once finds it free.
    void this.#release().finally(() => this.#forwarding.fail(error));
  }

  decideAgain(): Promise<undefined> {
    throw new TypeError('a delivery has no session that may have changed');
  }

  async beforeAnswer(status: number): Promise<void> {
    const claim = this.#claim;
    if (claim === undefined) throw new TypeError('an answer came to a delivery that was not taken');
    if (status < 200 || status > 299) return this.#release();
    // The service has it: a sender that leaves now does not give it back.
    this.#claim = undefined;
    try {
      await this.#askStore(this.#parts.deliveries.complete(claim));
    } catch (error) {
      this.#claim = claim;
      throw error;
    }
  }

  #collect({ message }: RequestState): void {
    const { contentLength, hasBody } = requestOf(this.state).headers;
    // What is announced is taken at once: many bodies that have just begun must not fill the room together.
    if (hasBody) this.#held.take(contentLength ?? 0);
    this.proceed();
    if (!hasBody) return this.#verify();
    message.on('data', (piece: Buffer) => {
      if (this.#isOver) return;
      try {
        this.#add(piece, contentLength === undefined);
      } catch (error) {
        this.fail(asSallyportError(error));
      }
    });
    message.once('end', () => {
      if (!this.#isOver) this.#verify();
    });
  }

  #add(piece: Buffer, isUnannounced: boolean): void {
    this.#size += piece.length;
    if (this.#size > this.#delivery.webhook.bodyBytes) throw tooLarge();
    if (isUnannounced) this.#held.take(piece.length);
    this.#signature.add(piece);
    this.#pieces.push(piece);
  }

  #verify(): void {
    const { webhook, headers } = this.#delivery;
    const at = this.#parts.clock();
    try {
      const key = this.#signature.verify();
      if (key === undefined) throw new SallyportError('SP_WEBHOOK_UNVERIFIED', { reason: 'webhook-signature-wrong' });
      // A body that comes slowly does not keep an old delivery young.
      requireTimely(headers, webhook, at);
      this.#deliver(key, at).catch((error: unknown) => this.fail(asSallyportError(error)));
    } catch (error) {
      this.fail(asSallyportError(error));
    }
  }

  async #deliver(key: string, at: number): Promise<void> {
    const { route, webhook, headers, claimSeconds } = this.#delivery;
    const claimed = await this.#take(key, at, claimSeconds, endOfDelivery(headers, webhook, at));
    if (claimed.kind !== 'claimed') {
      const isDone = claimed.kind === 'delivered';
      throw new SallyportError('SP_WEBHOOK_REPLAYED', {
        reason: isDone ? 'webhook-delivered-before' : 'webhook-in-progress',
        ...(isDone ? {} : { retryAfterSeconds: 5 }),
      });
    }
    this.#claim = claimed.claim;
    if (this.#isOver) return this.#release();
    const { state } = this;
    if (route.destination.kind !== 'upstream') throw new TypeError('a mount takes no deliveries');
    state.caller = webhookCallerOf(route.name, at);
    // Of each delivery its own: it says when this one was verified.
    const { token } = this.#parts.mint.mint(state.caller, route.destination.shape, Infinity);
    state.token = token;
    state.tokenCache = 'miss';
    const body = this.#size === 0 ? null : Readable.from([Buffer.concat(this.#pieces)], { objectMode: false });
    this.#pieces.length = 0;
    this.transfer = this.#sendOn(this, route, body);
  }

  async #take(key: string, at: number, claimSeconds: number, endsAt: number): Promise<ClaimedDelivery> {
    const asked = this.#parts.deliveries.claim({
      key,
      now: new Date(at),
      claimedUntil: new Date(at + claimSeconds * 1000),
      expiresAt: new Date(endsAt + rememberedBeyondMilliseconds),
    });
    try {
      return await this.#askStore(asked);
    } catch (error) {
      // The service was not asked. Should the store have taken it all the same, it is given back.
      void asked
        .then((late) => (late.kind === 'claimed' ? this.#parts.deliveries.release(late.claim) : undefined))
        .catch(ignore);
      throw error;
    }
  }

  /** Gives it back. What cannot be given back lapses. */
  async #release(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    if (claim === undefined) return;
    try {
      await this.#askStore(this.#parts.deliveries.release(claim));
    } catch (error) {
      const { requestId } = this.state;
      const code = error instanceof SallyportError ? error.code : 'unknown';
      this.#parts.logger.warn('a webhook that failed is refused until its claim lapses', {
        event: 'webhook-not-released',
        requestId,
        code,
      });
    }
  }

  #askStore<T>(asked: Promise<T>): Promise<T> {
    return withTimeout(asked, storeMilliseconds, () => {
      throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'webhook-store-timeout' });
    });
  }
}

function ignore(): void {}
