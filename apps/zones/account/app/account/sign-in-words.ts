import type { AssuranceLevel } from '@sallyport/nextjs/server';

const methods: Readonly<Record<string, string>> = {
  pwd: 'password',
  otp: 'one-time code',
  hwk: 'security key',
  swk: 'passkey',
  mfa: 'two-step verification',
  sms: 'text message',
  mca: 'code by email',
  fed: 'another provider',
};

const assurances: Readonly<Record<AssuranceLevel, string>> = {
  pwd: 'Your password alone was enough to sign in.',
  mfa: 'With two-step verification: a stolen password would not be enough.',
  phr: 'Protected against phishing: there was nothing to type into a fake page.',
};

/** How a user signed in (`amr`, RFC 8176), in words. */
export function methodWords(amr: readonly string[]): string {
  const known = amr.map((method) => methods[method] ?? method);
  return known.length === 0 ? 'in an unknown way' : `with ${known.join(' and ')}`;
}

/** How much that proves (`acr`, and `amr` of RFC 8176), in one sentence. */
export function assuranceWords(acr: AssuranceLevel, amr: readonly string[]): string {
  if (acr === 'pwd' && amr.includes('fed')) return 'The account there alone was enough to sign in.';
  return assurances[acr];
}
