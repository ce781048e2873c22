import type { AssuranceLevel } from '@sallyport/nextjs/server';

const methods: Readonly<Record<string, string>> = {
  pwd: 'password',
  otp: 'one-time code',
  hwk: 'security key',
  swk: 'passkey',
  mfa: 'several factors',
  sms: 'text message',
  mca: 'code by email',
  fed: 'another provider',
};

const assurances: Readonly<Record<AssuranceLevel, string>> = {
  pwd: 'One factor. A stolen password would be enough.',
  mfa: 'Several factors. A stolen password would not be enough.',
  phr: 'Phishing-resistant. Nothing that could be typed into a wrong page.',
};

/** How a user signed in (`amr`, RFC 8176), in words. */
export function methodWords(amr: readonly string[]): string {
  const known = amr.map((method) => methods[method] ?? method);
  return known.length === 0 ? 'by unknown means' : `with ${known.join(' and ')}`;
}

/** How much that proves (`acr`), in one sentence. */
export function assuranceWords(acr: AssuranceLevel): string {
  return assurances[acr];
}
