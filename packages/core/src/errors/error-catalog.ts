/**
 * How an error looks from outside. `challenge` is the `error` of its `WWW-Authenticate` header (RFC 6750, section 3), whose
 * scheme is `Bearer` unless `scheme` says `DPoP` (RFC 9449, section 7.1).
 */
export interface ErrorCatalogEntry {
  readonly status: number;
  readonly title: string;
  /** What the caller can do about it. */
  readonly hint: string;
  readonly challenge?: string;
  readonly scheme?: 'DPoP';
}

/**
 * Every error that a caller can meet. The code is the contract and is never reused; the sentences may change.
 * The reference page is generated from this table.
 */
export const errorCatalog = {
  SP_REQUEST_AMBIGUOUS: {
    status: 400,
    title: 'The request can be read in more than one way',
    hint: 'Send a plain path: no encoded slashes or dots, no empty segments, no backslashes, one Host.',
  },
  SP_CREDENTIALS_CONFLICT: {
    status: 400,
    title: 'The request carries more than one credential',
    hint: 'Send one credential, once: the session cookie, an Authorization header, or the header of a key.',
  },
  SP_JSON_MALFORMED: {
    status: 400,
    title: 'The body is not valid JSON',
    hint: 'Send one JSON object with Content-Type: application/json.',
  },
  SP_REQUEST_INVALID: {
    status: 400,
    title: 'The request cannot be understood',
    hint: 'Compare the request with the documentation of the service.',
  },
  SP_LINK_INVALID: {
    status: 400,
    title: 'The link is invalid, used or expired',
    hint: 'Ask for a new link; each works once and for a limited time.',
  },
  SP_REFRESH_TOKEN_INVALID: {
    status: 400,
    title: 'The refresh token is unknown, used, expired or revoked',
    hint: 'Sign in again. A refresh token works once: store the new one of each answer before the old one is thrown away.',
  },
  SP_TOKEN_TYPE_UNSUPPORTED: {
    status: 400,
    title: 'A credential of this kind is not revoked here',
    hint: 'Revoke an API key on the page of its owner, or with sallyport api-keys revoke.',
  },
  SP_PROVIDER_FLOW_INVALID: {
    status: 400,
    title: 'This sign-in with an identity provider is over, or was begun in another browser',
    hint: 'Begin it again, and finish it in the same browser within ten minutes; each works once.',
  },
  SP_LOGOUT_TOKEN_INVALID: {
    status: 400,
    title: 'The logout token cannot be accepted',
    hint: 'Send what OpenID Connect Back-Channel Logout 1.0, section 2.4 asks for; each works once.',
  },
  SP_TLS_EXPECTED: {
    status: 400,
    title: 'This port speaks https',
    hint: 'Repeat the request with https:// and the same host and port.',
  },
  SP_UNAUTHENTICATED: {
    status: 401,
    title: 'Authentication is required',
    hint: 'Sign in, or send a valid credential.',
  },
  SP_CREDENTIALS_INVALID: {
    status: 401,
    title: 'The email address or the password is wrong',
    hint: 'Check both, or reset the password.',
  },
  SP_PASSWORD_WRONG: {
    status: 401,
    title: 'The password is wrong',
    hint: 'Type the password of the account that is signed in, or reset it.',
  },
  SP_CODE_INVALID: {
    status: 401,
    title: 'The code is wrong, used or expired',
    hint: 'Type the code that is shown or was sent last; each works once and for a short time.',
  },
  SP_SIGN_IN_EXPIRED: {
    status: 401,
    title: 'This sign-in has expired',
    hint: 'Begin again with the password: there were too many wrong codes, it took too long, or the account changed.',
  },
  SP_PROVIDER_CANCELLED: {
    status: 401,
    title: 'The sign-in was cancelled at the identity provider',
    hint: 'Begin again and agree there, or sign in another way.',
  },
  SP_PROVIDER_UNTRUSTED: {
    status: 401,
    title: 'What the identity provider answered cannot be trusted',
    hint: 'Begin again; an operator finds the reason in the event of this refusal.',
  },
  SP_PROVIDER_NOT_FRESH: {
    status: 401,
    title: 'The identity provider did not say that the user signed in just now',
    hint: 'Confirm with the password, or choose one by mail: some providers never say when a user signed in.',
  },
  SP_SECOND_FACTOR_REQUIRED: {
    status: 401,
    title: 'A second factor is required',
    hint: 'Send the mfa_token with a code to /auth/token/second-factor.',
  },
  SP_TOKEN_EXPIRED: {
    status: 401,
    title: 'The access token has expired',
    hint: 'Get a fresh one: with the refresh token, or by calling through the gateway, which attaches it.',
    challenge: 'invalid_token',
  },
  SP_TOKEN_INVALID: {
    status: 401,
    title: 'The access token is not valid here',
    hint: 'Present the access token of /auth/token at the gateway; services take what the gateway attaches.',
    challenge: 'invalid_token',
  },
  SP_DPOP_PROOF_REQUIRED: {
    status: 401,
    title: 'The access token is bound to a key, and was presented without a proof of it',
    hint: 'Send "Authorization: DPoP" with the token, and a proof for this very request in the header DPoP (RFC 9449).',
    challenge: 'invalid_token',
    scheme: 'DPoP',
  },
  SP_DPOP_PROOF_INVALID: {
    status: 401,
    title: 'The proof of possession does not hold for this request',
    hint: 'Make one proof per request: its method and public URL, the hash of the token, the time of now, a fresh "jti".',
    challenge: 'invalid_dpop_proof',
    scheme: 'DPoP',
  },
  SP_DPOP_NONCE_REQUIRED: {
    status: 401,
    title: 'The proof of possession needs a nonce of this server',
    hint: 'Repeat the request with another proof, whose "nonce" is that of the header DPoP-Nonce (RFC 9449, section 9).',
    challenge: 'use_dpop_nonce',
    scheme: 'DPoP',
  },
  SP_WEBHOOK_UNVERIFIED: {
    status: 401,
    title: 'The signature of the webhook does not hold',
    hint: 'Sign the very bytes that are sent, with the secret of this address and the time of now.',
  },
  SP_STEP_UP_REQUIRED: {
    status: 401,
    title: 'A stronger or more recent sign-in is required',
    hint: 'Confirm who you are again, then repeat the request (RFC 9470).',
    challenge: 'insufficient_user_authentication',
  },
  SP_FORBIDDEN: {
    status: 403,
    title: 'A role or permission is missing',
    hint: 'Use an account that has access, or ask for access where accounts are managed.',
  },
  SP_POLICY_DENIED: {
    status: 403,
    title: 'The policy does not allow this',
    hint: 'Do it with a record that is yours, or ask an administrator.',
  },
  SP_AUTHORITY_EXCEEDED: {
    status: 403,
    title: 'The change goes beyond your own authority',
    hint: 'Ask an administrator who holds these permissions; one cannot give roles to oneself, nor permissions to a role of one’s own.',
  },
  SP_CROSS_SITE_REQUEST: {
    status: 403,
    title: 'The request came from another site',
    hint: 'Send it from a page of this origin, with its Origin header.',
  },
  SP_HTTPS_REQUIRED: {
    status: 403,
    title: 'This is served over https only',
    hint: 'Send it with https. A password or cookie that it carried travelled in clear: change it.',
  },
  SP_EMAIL_UNVERIFIED: {
    status: 403,
    title: 'The email address is not verified yet',
    hint: 'Open the link that was mailed to you, or ask for a new one.',
  },
  SP_PROVIDER_EMAIL_MISSING: {
    status: 403,
    title: 'The identity provider gave no email address',
    hint: 'Allow it to share an email address, then begin again.',
  },
  SP_PROVIDER_SIGN_UP_OFF: {
    status: 403,
    title: 'No account is connected, and none is made for this identity provider',
    hint: 'Sign in another way and connect the identity provider to the account, or ask an administrator for an account.',
  },
  SP_ACCOUNT_DISABLED: {
    status: 403,
    title: 'This account cannot sign in',
    hint: 'Ask an administrator.',
  },
  SP_SECOND_FACTOR_SET_UP_REQUIRED: {
    status: 403,
    title: 'This account has to set up a second factor first',
    hint: 'Sign in on the website once, which asks for it.',
  },
  SP_ACCESS_UNDECLARED: {
    status: 403,
    title: 'The handler declares no access',
    hint: 'Add @Public(reason), @Authenticated(), @Roles(...) or @Permissions(...) to the handler or its controller.',
  },
  SP_NOT_FOUND: { status: 404, title: 'Not found', hint: 'Check the address.' },
  SP_PROVIDER_NOT_CONNECTED: {
    status: 404,
    title: 'The user has connected no account of this identity provider, or its tokens are not kept',
    hint: 'Have the user connect it on the page of the account, or sign in with it.',
  },
  SP_METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The method is not allowed here',
    hint: 'Use one of the methods in the Allow header.',
  },
  SP_REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request took too long to arrive',
    hint: 'Send it again on a better connection, or in smaller parts.',
  },
  SP_CONFLICT: {
    status: 409,
    title: 'The record changed meanwhile',
    hint: 'Read it again and repeat the change.',
  },
  SP_WEBHOOK_REPLAYED: {
    status: 409,
    title: 'The webhook was received before',
    hint: 'It was delivered, or is being delivered now: a delivery that fails may be sent again.',
  },
  SP_TOO_MANY_SESSIONS: {
    status: 409,
    title: 'This account is signed in on too many devices',
    hint: 'Sign out on another device first.',
  },
  SP_TOO_MANY_KEYS: {
    status: 409,
    title: 'There are as many API keys as the owner may have',
    hint: 'Revoke one that is not used any more.',
  },
  SP_PROVIDER_CONNECTED_ELSEWHERE: {
    status: 409,
    title: 'This account of the identity provider is connected to another account, or another one is connected here',
    hint: 'Disconnect the one that is connected first.',
  },
  SP_PROVIDER_SIGN_IN_REQUIRED: {
    status: 409,
    title: 'The identity provider takes the tokens of this user no longer',
    hint: 'Have the user sign in with the identity provider again, then repeat the request.',
  },
  SP_LAST_SIGN_IN_METHOD: {
    status: 409,
    title: 'This is the last way to sign in to the account',
    hint: 'Choose a password or connect another identity provider first, then disconnect this one.',
  },
  SP_LAST_MANAGER: {
    status: 409,
    title: 'This is the last account that can manage the others',
    hint: 'Give another account the permission first, then take it from this one.',
  },
  SP_LAST_OWNER: {
    status: 409,
    title: 'This is the last owner of the organization',
    hint: 'Make another member an owner first, or delete the organization.',
  },
  SP_ROLES_FROM_FILE: {
    status: 409,
    title: 'The roles are those of the configuration, and are not edited here',
    hint: 'Change the policy of the configuration and reload the gateway, or set policy.source to "database".',
  },
  SP_SECOND_FACTOR_DEMANDED: {
    status: 409,
    title: 'This account must have a second factor',
    hint: 'Set up another second factor first, then remove this one.',
  },
  SP_BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    hint: 'Send less, or raise the limit of the route.',
  },
  SP_MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'The media type is not supported',
    hint: 'Send Content-Type: application/json.',
  },
  SP_HOST_UNKNOWN: {
    status: 421,
    title: 'The host is not served here',
    hint: 'Use the public address, or add the host to the configuration.',
  },
  SP_VALIDATION_FAILED: {
    status: 422,
    title: 'Some fields are not valid',
    hint: 'Correct the fields that are named in "errors".',
  },
  SP_PASSWORD_UNACCEPTABLE: {
    status: 422,
    title: 'The password cannot be used',
    hint: 'Choose four or more unrelated words, or let a password manager make one.',
  },
  SP_TOO_MANY_ATTEMPTS: {
    status: 429,
    title: 'Too many attempts',
    hint: 'Wait for the seconds in Retry-After, then try again.',
  },
  SP_TOO_MANY_REQUESTS: {
    status: 429,
    title: 'Too many requests',
    hint: 'Wait for the seconds in Retry-After, and send fewer; the limit is in RateLimit-Policy.',
  },
  SP_TOO_MANY_STREAMS: {
    status: 429,
    title: 'Too many streams are open',
    hint: 'Close WebSockets or event streams of this session or account, then open another.',
  },
  SP_HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large', hint: 'Send fewer or shorter headers.' },
  SP_INTERNAL: {
    status: 500,
    title: 'Something failed on our side',
    hint: 'Try again; quote the request id when you report it.',
  },
  SP_UPGRADE_UNSUPPORTED: {
    status: 501,
    title: 'The connection cannot be upgraded',
    hint: 'Open WebSockets at the public address, on the route of a service; server-sent events pass everywhere.',
  },
  SP_UPSTREAM_UNAVAILABLE: {
    status: 502,
    title: 'The service behind the gateway does not answer',
    hint: 'Try again in a moment; an operator should look at the service.',
  },
  SP_KEYS_UNAVAILABLE: {
    status: 503,
    title: 'The signing keys cannot be fetched',
    hint: 'Try again in a moment; an operator should look at the key endpoint.',
  },
  SP_STORE_UNAVAILABLE: {
    status: 503,
    title: 'The store does not answer',
    hint: 'Try again in a moment; nothing was lost and you are still signed in.',
  },
  SP_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The identity provider does not answer as it should',
    hint: 'Try again in a moment, or sign in another way; an operator should look at the provider.',
  },
  SP_SERVICE_UNAVAILABLE: {
    status: 503,
    title: 'The service cannot answer now',
    hint: 'Try again in a moment; an operator should look at the service.',
  },
  SP_UPSTREAM_TIMEOUT: {
    status: 504,
    title: 'The service behind the gateway took too long',
    hint: 'Try again in a moment; an operator should look at the service.',
  },
} as const satisfies Record<`SP_${string}`, ErrorCatalogEntry>;

/** A code of the catalog. */
export type ErrorCode = keyof typeof errorCatalog;

/** Says whether a text is a code of the catalog. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalog, text);
}
