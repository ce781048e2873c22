import { createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** Where deliveries go, and the secret `whsec_…` that they are signed with. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
}

/** How often a delivery that finds no answer is tried, while its payer waits for the page. */
const maxAttempts = 3;
const pauseMilliseconds = 500;

/**
 * Delivers an event as Standard Webhooks says. Resolves to whether the other side has it: now, or since before (409). One
 * that says when to come again is still at another delivery of it, which may fail.
 */
export async function deliverWebhook(
  { url, secret }: WebhookTarget,
  id: string,
  event: object,
  now: () => Date,
): Promise<boolean> {
  const body = JSON.stringify(event);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (attempt > 1) await wait(pauseMilliseconds);
    const answer = await send(url, body, headersOf(id, body, secret, now()));
    if (answer === undefined || answer.status >= 500 || answer.headers.has('retry-after')) continue;
    return answer.ok || answer.status === 409;
  }
  return false;
}

function headersOf(id: string, body: string, secret: string, at: Date): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

async function send(url: string, body: string, headers: Record<string, string>): Promise<Response | undefined> {
  try {
    const signal = AbortSignal.timeout(5000);
    return await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
  } catch {
    return undefined;
  }
}
