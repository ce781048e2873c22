import { SallyportError } from '@sallyport/core';
import { readWebhookHeaders } from '../../webhooks/webhook-headers.ts';
import { routeOf, type RequestState } from '../request-state.ts';

/**
 * Reads what a webhook says of itself, and refuses what cannot be verified before a byte of its body is kept. Whether the
 * signature holds is known only when the body is whole: see `WebhookTransfer`.
 */
export function readWebhook(state: RequestState): undefined {
  const { webhook } = routeOf(state);
  if (webhook === undefined) return;
  if (state.listener !== 'public')
    throw new SallyportError('SP_FORBIDDEN', {
      reason: state.listener === 'internal' ? 'webhook-from-inside' : 'webhook-on-machine-listener',
    });
  state.delivery = readWebhookHeaders(state.message.rawHeaders, webhook, state.at);
}
