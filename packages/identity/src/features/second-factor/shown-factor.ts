import type { ShownFactor } from '@sallyport/core';
import type { Factor } from './factor-table.ts';

/** A factor, as its owner is shown it before the second step: enough to recognise, not enough to know. */
export function toShownFactor({ method, value }: Pick<Factor, 'method' | 'value'>): ShownFactor {
  if (method === 'email') return { method, destination: maskEmail(value) };
  if (method === 'sms') return { method, destination: `•••• ${value.slice(-2)}` };
  return { method };
}

function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${[...email][0] ?? ''}•••${email.slice(at)}`;
}
