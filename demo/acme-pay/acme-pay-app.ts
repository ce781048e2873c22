import { createHmac, timingSafeEqual } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { html } from 'hono/html';
import * as z from 'zod';
import { acmeDocument } from '../acme-sso/acme-document.ts';
import { deliverWebhook, type WebhookTarget } from './deliver-webhook.ts';

export interface AcmePayOptions {
  /** The key of the merchant, who signs links with it. */
  readonly key: string;
  /** Where the merchant hears of payments. */
  readonly webhook: WebhookTarget;
  readonly now?: () => Date;
}

const linkSchema = z.object({
  reference: z.uuid(),
  amountCents: z.coerce.number().int().min(0),
  currency: z.string().regex(/^[A-Z]{3}$/),
  returnTo: z.url({ protocol: /^https?$/ }),
  expires: z.coerce.number().int(),
});

type PaymentLink = z.infer<typeof linkSchema>;

const contentSecurityPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Acme Pay: a payment provider that moves no money. It believes links that its merchant signed, charges once for a
 * reference, and tells the merchant by a signed webhook. Mounted at `/pay` of Acme SSO, for loopback alone.
 */
export function createAcmePay({ key, webhook, now = () => new Date() }: AcmePayOptions): Hono {
  const app = new Hono();

  app.get('/', (c) => {
    const query = queryOf(c);
    const link = readLink(query, key, now());
    if (link === undefined) return refuse(c);
    return page(
      c,
      `Pay ${sumOf(link)}`,
      html`<p>
          to the Sallyport demo, for order ${link.reference.slice(0, 8).toUpperCase()}. No money moves: this plays a
          payment provider.
        </p>
        <form method="post" action="/pay">
          <input type="hidden" name="query" value="${query}" />
          <button class="primary" name="choice" value="pay">Pay ${sumOf(link)}</button>
        </form>
        <form method="post" action="/pay">
          <input type="hidden" name="query" value="${query}" />
          <button class="quiet" name="choice" value="decline">Decline</button>
        </form>`,
    );
  });

  app.post('/', async (c) => {
    const { query, choice } = await c.req.parseBody();
    const link = typeof query === 'string' ? readLink(query, key, now()) : undefined;
    if (link === undefined) return refuse(c);
    const { reference, amountCents, currency, returnTo } = link;
    // Of the reference alone: pressed twice, it is one charge, which is told once.
    const chargeId = `ch_${createHmac('sha256', key).update(`charge ${reference}`).digest('base64url').slice(0, 24)}`;
    const event =
      choice === 'pay'
        ? { type: 'payment.succeeded', chargeId, reference, amountCents, currency }
        : { type: 'payment.declined', reference };
    const isTold = await deliverWebhook(webhook, `${choice === 'pay' ? 'paid' : 'declined'}_${chargeId}`, event, now);
    if (isTold || choice !== 'pay') return c.redirect(returnTo, 303);
    return page(
      c,
      'You have paid',
      html`<p>
          The shop does not answer, so it does not know yet. Press the button of the page before once more: you are
          charged once.
        </p>
        <p><a href="${returnTo}">Back to the shop</a></p>`,
    );
  });

  return app;
}

function queryOf(c: Context): string {
  return new URL(c.req.url).search.slice(1);
}

/** What a link asks for; `undefined` where its merchant did not sign it, or its time is over. */
function readLink(query: string, key: string, now: Date): PaymentLink | undefined {
  const [, signed = '', signature = ''] = /^(.*)&signature=([\w-]+)$/s.exec(query) ?? [];
  const expected = createHmac('sha256', key).update(signed).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const { data } = linkSchema.safeParse(Object.fromEntries(new URLSearchParams(signed)));
  return data === undefined || data.expires * 1000 < now.getTime() ? undefined : data;
}

function sumOf({ amountCents, currency }: PaymentLink): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amountCents / 100);
}

function refuse(c: Context): Response | Promise<Response> {
  c.status(400);
  return page(
    c,
    'This link is not valid',
    html`<p>It was changed, or it is older than half an hour. Go back to the shop and begin again.</p>`,
  );
}

function page(c: Context, title: string, content: ReturnType<typeof html>): Response | Promise<Response> {
  c.header('content-security-policy', contentSecurityPolicy);
  return c.html(acmeDocument(title, content, 'Acme Pay'));
}
