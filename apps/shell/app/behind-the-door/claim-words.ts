const meanings: Readonly<Record<string, string>> = {
  iss: 'Who made the token',
  sub: 'Who you are',
  aud: 'The one service it was made for',
  exp: 'Expires',
  iat: 'When it was made',
  jti: 'Its own number',
  client_id: 'The client that you used',
  sid: 'Handle of your session; useless as a credential',
  scope: 'The permissions that this service cares about',
  roles: 'Your roles',
  acr: 'How strongly you signed in',
  amr: 'By what means',
  auth_time: 'When you signed in',
  gen: 'Grows when your authority changes; older tokens are out of date',
  sub_type: 'A person or a machine',
  cred: 'What you showed at the outer door',
  act: 'Who asks on your behalf',
  name: 'Your name',
  email: 'Your email address',
};

/** Subject, authority, audience, expiry; then the rest. */
const order = [
  'sub',
  'name',
  'email',
  'roles',
  'scope',
  'aud',
  'iat',
  'exp',
  'cred',
  'acr',
  'amr',
  'auth_time',
  'sid',
  'act',
];

const times: ReadonlySet<string> = new Set(['exp', 'iat', 'auth_time']);

/** Puts the claims that say most first. */
export function inReadingOrder(claims: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const rank = (claim: string): number => (order.includes(claim) ? order.indexOf(claim) : order.length);
  return Object.entries(claims).toSorted(([left], [right]) => rank(left) - rank(right));
}

/** What a claim means, in a few words. */
export function meaningOf(claim: string): string {
  return meanings[claim] ?? '';
}

/** Writes the value of a claim for people. */
export function readableClaim(claim: string, value: unknown): string {
  if (times.has(claim) && typeof value === 'number') {
    return new Date(value * 1000).toLocaleTimeString('en', { hour12: false });
  }
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'string') return value === '' ? '(none)' : value;
  return JSON.stringify(value);
}
