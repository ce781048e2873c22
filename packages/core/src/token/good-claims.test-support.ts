export const issuer = 'https://gateway.test/internal';
export const audience = 'shop';

/** The claims of an internal token that every verifier of `issuer` and `audience` accepts now. */
export function goodClaims(): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: 'user-1',
    aud: audience,
    iat: now,
    exp: now + 60,
    jti: 'token-1',
    client_id: 'sallyport-browser',
    sid: 'session-1',
    scope: 'product:read product:create',
    roles: ['vendor'],
    acr: 'pwd',
    amr: ['pwd'],
    auth_time: now - 10,
    gen: { s: 1, u: 2, p: 3 },
    sub_type: 'user',
    cred: 'session',
  };
}
