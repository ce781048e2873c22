import { createHmac, randomBytes } from 'node:crypto';
import type { RouteInput, WebhookSecrets } from '@sallyport/core';
import type { GatewayOptions } from '../gateway-options.ts';
import type { RequestRecord } from '../record/record.ts';
import { createTestDeliveries, type TestDeliveries } from '../test-support/test-deliveries.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import type { RawAnswer } from '../test-support/raw-client.ts';

type Headers = Readonly<Record<string, string>>;

/** A delivery as a sender makes it. */
export interface SignedDelivery {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A sender, and how it signs. */
export interface Sender {
  readonly name: string;
  /** Whether it signs a time. */
  readonly hasTime: boolean;
  sign(body: string, seconds: number, id: string): SignedDelivery;
}

const standardKey = randomBytes(32);
const plain = (): string => randomBytes(32).toString('hex');
const [github, stripe, slack, shopify] = [plain(), plain(), plain(), plain()];

export const standardSecret = `whsec_${standardKey.toString('base64')}`;
export const githubSecret = github;

/** The secrets of all senders. */
export const testSecrets: WebhookSecrets = new Map([
  ['standard', [standardSecret]],
  ['github', [github]],
  ['stripe', [stripe]],
  ['slack', [slack]],
  ['shopify', [shopify]],
]);

/** A route for each form. */
export const webhookRoutes: readonly Partial<RouteInput>[] = [
  hook('standard', {}),
  hook('github', { hmac: { header: 'x-hub-signature-256', prefix: 'sha256=' } }),
  hook('stripe', {
    hmac: { header: 'stripe-signature', prefix: 'v1=', timestamp: { member: 't' }, signed: '{timestamp}.{body}' },
  }),
  hook('slack', {
    hmac: {
      header: 'x-slack-signature',
      prefix: 'v0=',
      timestamp: { header: 'x-slack-request-timestamp' },
      signed: 'v0:{timestamp}:{body}',
    },
  }),
  hook('shopify', { hmac: { header: 'x-shopify-hmac-sha256', encoding: 'base64' } }),
];

function hook(name: string, webhook: Partial<NonNullable<RouteInput['webhook']>>): Partial<RouteInput> {
  return { name, prefix: `/in/${name}`, access: 'service', audience: 'shop', webhook: { secret: name, ...webhook } };
}

/** What signs for each of these routes. */
export const senders: readonly Sender[] = [
  { name: 'standard', hasTime: true, sign: (body, seconds, id) => signStandard(body, seconds, id) },
  {
    name: 'github',
    hasTime: false,
    sign: (body) => ({ path: '/in/github', body, headers: { 'X-Hub-Signature-256': `sha256=${hex(github, body)}` } }),
  },
  {
    name: 'stripe',
    hasTime: true,
    sign: (body, seconds) => ({
      path: '/in/stripe',
      body,
      headers: { 'Stripe-Signature': `t=${seconds},v1=${hex(stripe, `${seconds}.${body}`)},v0=aa` },
    }),
  },
  {
    name: 'slack',
    hasTime: true,
    sign: (body, seconds) => ({
      path: '/in/slack',
      body,
      headers: {
        'X-Slack-Request-Timestamp': String(seconds),
        'X-Slack-Signature': `v0=${hex(slack, `v0:${seconds}:${body}`)}`,
      },
    }),
  },
  {
    name: 'shopify',
    hasTime: false,
    sign: (body) => ({
      path: '/in/shopify',
      body,
      headers: { 'X-Shopify-Hmac-Sha256': createHmac('sha256', shopify).update(body).digest('base64') },
    }),
  },
];

/** Signs as Standard Webhooks say, with this secret. */
export function signStandard(body: string, seconds: number, id: string, secret = standardSecret): SignedDelivery {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    path: '/in/standard',
    body,
    headers: { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` },
  };
}

function hex(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** A gateway that takes webhooks, and what it refused. */
export interface WebhookGateway extends TestGateway {
  readonly deliveries: TestDeliveries;
  readonly refusals: RequestRecord[];
  /** Sends a delivery; `change` replaces headers, and removes those that it makes empty. */
  deliver(delivery: SignedDelivery, change?: Headers, body?: string): Promise<RawAnswer>;
  /** Why the last one was refused. */
  lastReason(): string | undefined;
}

/** Starts a gateway with a route for each sender, and more if they are given. */
export async function startWebhookGateway(
  options: Partial<GatewayOptions> & {
    readonly more?: readonly Partial<RouteInput>[];
    readonly deliveries?: TestDeliveries;
    readonly secrets?: () => WebhookSecrets;
  } = {},
): Promise<WebhookGateway> {
  const { more = [], deliveries = createTestDeliveries(), secrets = () => testSecrets, ...rest } = options;
  const refusals: RequestRecord[] = [];
  const gateway = await startTestGateway({
    moreRoutes: [...webhookRoutes, ...more],
    webhooks: { secrets, deliveries },
    onRefusal: (record) => void refusals.push(record),
    ...rest,
  });
  return {
    ...gateway,
    deliveries,
    refusals,
    deliver: ({ path, headers, body }, change = {}, otherBody = body) => {
      const changed = Object.entries({ ...headers, ...change }).filter(([, value]) => value !== '');
      return gateway.send('POST', path, Object.fromEntries(changed), otherBody);
    },
    lastReason: () => refusals.at(-1)?.reason,
  };
}

/** Seconds since 1970. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
