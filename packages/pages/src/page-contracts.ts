import type { ErrorCode, PageName } from '@sallyport/core';

/** What a page has to do, built in or not. */
export interface PageContract {
  /** What it is for, in a sentence. */
  readonly purpose: string;
  /** Parameters of its address. `method`, `sent` and `next` are of the built-in page alone. */
  readonly query: Readonly<Record<string, string>>;
  /** Fields of its form, when it is sent without script. They become members of the JSON that is sent to `calls`. */
  readonly fields: Readonly<Record<string, string>>;
  /** The routes of identity that it calls, with JSON. */
  readonly calls: readonly string[];
  /** The errors that it meets in ordinary use, and has to have words for. */
  readonly errors: readonly ErrorCode[];
  /** Where it leads. */
  readonly leadsTo: string;
}

const returnTo = 'the page to go to afterwards, a path of this origin; passed on as it is';
const method = 'which way was chosen';
const email = 'address of the account';
const provider = 'the identity provider whose button was pressed, by its name in the configuration';
const ofProvider = 'the identity provider whose answer was refused';
const did = 'what was done, for the built-in page alone';
const refused = 'code of the error for which it was refused; show words of your own alone';

/** The contract of every page: the reference page is made from it, and the built-in pages are tested against it. */
export const pageContracts = {
  signIn: {
    purpose: 'Email and password. The gateway sends navigations here that need a sign-in.',
    query: { returnTo, provider: ofProvider, refused },
    fields: { email, password: 'the password', provider, returnTo },
    calls: ['GET /auth/session', 'GET /auth/providers', 'POST /auth/sign-in/email', 'POST /auth/sign-in/provider'],
    errors: [
      'SP_CREDENTIALS_INVALID',
      'SP_EMAIL_UNVERIFIED',
      'SP_TOO_MANY_ATTEMPTS',
      'SP_TOO_MANY_SESSIONS',
      'SP_PROVIDER_CANCELLED',
      'SP_PROVIDER_FLOW_INVALID',
      'SP_PROVIDER_UNTRUSTED',
      'SP_PROVIDER_UNAVAILABLE',
      'SP_PROVIDER_EMAIL_MISSING',
      'SP_PROVIDER_SIGN_UP_OFF',
    ],
    leadsTo:
      '`returnTo` of the answer; `secondFactor` or `secondFactorSetUp` where `status` says so; `location` of the answer, where a provider was chosen',
  },
  signUp: {
    purpose: 'A new account. The answer is the same whether or not the address has one.',
    query: { returnTo },
    fields: { name: 'name of the person', email, password: 'the chosen password', provider, returnTo },
    calls: ['GET /auth/providers', 'POST /auth/sign-up/email', 'POST /auth/sign-in/provider'],
    errors: ['SP_VALIDATION_FAILED', 'SP_PASSWORD_UNACCEPTABLE', 'SP_PROVIDER_UNAVAILABLE'],
    leadsTo: '`checkMail`; `location` of the answer, where a provider was chosen',
  },
  checkMail: {
    purpose: 'After a form that sends mail: what was sent, and how to get it again.',
    query: {},
    fields: { mail: '`verify-email` or `reset-password`', email },
    calls: ['POST /auth/send-verification-email', 'POST /auth/request-password-reset'],
    errors: ['SP_VALIDATION_FAILED'],
    leadsTo: 'itself',
  },
  verifyEmail: {
    purpose:
      'Where the mail of a new account leads. A button confirms, never the visit: programs follow links in mails.',
    query: { token: 'the token of the link; leave the address that holds it at once' },
    fields: {
      link: 'names the link that the page shows: another one, opened meanwhile, is not used',
      email: 'shown on the page, for the next one',
      asksFor: 'what the link asks for: nothing in the browser that signed up',
      name: 'the chosen name, where the link asks for it',
      newPassword: 'the chosen password, where the link asks for it',
    },
    calls: ['POST /auth/check-link', 'POST /auth/verify-email'],
    errors: ['SP_LINK_INVALID', 'SP_PASSWORD_UNACCEPTABLE', 'SP_VALIDATION_FAILED'],
    leadsTo: '`signIn`',
  },
  forgotPassword: {
    purpose: 'Asks for the mail that resets a password. `/.well-known/change-password` leads here.',
    query: { returnTo },
    fields: { email, returnTo },
    calls: ['POST /auth/request-password-reset'],
    errors: ['SP_VALIDATION_FAILED'],
    leadsTo: '`checkMail`',
  },
  resetPassword: {
    purpose: 'Where that mail leads: a new password. Ends every session of the account.',
    query: { token: 'the token of the link; leave the address that holds it at once' },
    fields: {
      link: 'names the link that the page shows',
      newPassword: 'the chosen password',
      email: 'shown on the page, for the next one',
      asksFor: 'what the link asks for',
      name: 'the chosen name, where the address was never proved before',
    },
    calls: ['POST /auth/check-link', 'POST /auth/reset-password'],
    errors: ['SP_LINK_INVALID', 'SP_PASSWORD_UNACCEPTABLE', 'SP_VALIDATION_FAILED'],
    leadsTo: '`signIn`',
  },
  secondFactor: {
    purpose: 'The second step of a sign-in: a code.',
    query: { returnTo, method, sent: 'by which way a code was sent' },
    fields: {
      do: '`send` a code, `cancel` the sign-in; a code is verified otherwise',
      method,
      sent: 'by which way a code was sent',
      code: 'the code',
      returnTo,
    },
    calls: [
      'GET /auth/second-factor/pending',
      'POST /auth/second-factor/send',
      'POST /auth/second-factor/verify',
      'POST /auth/second-factor/cancel',
    ],
    errors: ['SP_CODE_INVALID', 'SP_SIGN_IN_EXPIRED', 'SP_TOO_MANY_ATTEMPTS'],
    leadsTo: '`returnTo` of the answer',
  },
  secondFactorSetUp: {
    purpose: 'Sets up a second factor: at the end of a sign-in that demands one, or for the signed-in user.',
    query: { returnTo, method },
    fields: {
      do: '`confirm` with a code; a method is begun otherwise',
      method,
      number: 'phone number, for text messages',
      code: 'the first code',
      uri: 'what the QR code says, brought back',
      destination: 'where the code went, brought back',
      returnTo,
    },
    calls: [
      'GET /auth/second-factor/pending',
      'GET /auth/second-factor',
      'POST /auth/second-factor/:method/start',
      'POST /auth/second-factor/:method/confirm',
    ],
    errors: [
      'SP_CODE_INVALID',
      'SP_SIGN_IN_EXPIRED',
      'SP_STEP_UP_REQUIRED',
      'SP_UNAUTHENTICATED',
      'SP_VALIDATION_FAILED',
    ],
    leadsTo: 'recovery codes, which are in that answer alone; then `returnTo` of the answer',
  },
  recoveryCodes: {
    purpose: 'New recovery codes for the signed-in user. They are in the answer to the form alone.',
    query: { returnTo },
    fields: { returnTo },
    calls: ['GET /auth/second-factor', 'POST /auth/second-factor/recovery-codes/regenerate'],
    errors: ['SP_STEP_UP_REQUIRED', 'SP_UNAUTHENTICATED'],
    leadsTo: '`returnTo`',
  },
  security: {
    purpose: 'What protects the account of the signed-in user. Mails about second factors lead here.',
    query: { provider: ofProvider, refused },
    fields: {
      do: '`remove` a factor, `connect` or `disconnect` an account elsewhere, `withdraw` the access of an app, or `sign-out-others`',
      method: 'the factor to remove',
      provider,
      account: 'the handle of the account to disconnect',
      app: 'the client id of the app whose access ends',
    },
    calls: [
      'GET /auth/second-factor',
      'GET /auth/account/providers',
      'GET /auth/account/apps',
      'DELETE /auth/second-factor/:method',
      'POST /auth/account/providers',
      'DELETE /auth/account/providers/:id',
      'DELETE /auth/account/apps/:clientId',
      'POST /auth/sessions/revoke-others',
    ],
    errors: [
      'SP_SECOND_FACTOR_DEMANDED',
      'SP_STEP_UP_REQUIRED',
      'SP_UNAUTHENTICATED',
      'SP_LAST_SIGN_IN_METHOD',
      'SP_PROVIDER_CONNECTED_ELSEWHERE',
    ],
    leadsTo: 'itself; `location` of the answer, where an account is to be connected',
  },
  stepUp: {
    purpose:
      'Confirms who the signed-in user is. The gateway sends navigations here that need a stronger or fresher sign-in.',
    query: {
      returnTo,
      acr_values: 'how strong: `pwd`, `mfa` or `phr`',
      max_age: 'how fresh, in seconds; every confirmation is fresh',
      method,
      sent: 'by which way a code was sent',
      next: 'a built-in page that asked, by name',
      provider: ofProvider,
      refused,
    },
    fields: {
      do: '`send` a code; what was typed is verified otherwise',
      method: '`password`, or which way was chosen',
      sent: 'by which way a code was sent',
      password: 'the password, where there is no second factor',
      code: 'the code',
      acr_values: 'as in the address',
      next: 'as in the address',
      provider,
      returnTo,
    },
    calls: [
      'GET /auth/step-up',
      'GET /auth/session',
      'POST /auth/step-up/send',
      'POST /auth/step-up',
      'POST /auth/step-up/provider',
    ],
    errors: [
      'SP_CODE_INVALID',
      'SP_PASSWORD_WRONG',
      'SP_PROVIDER_CANCELLED',
      'SP_PROVIDER_CONNECTED_ELSEWHERE',
      'SP_PROVIDER_FLOW_INVALID',
      'SP_PROVIDER_NOT_FRESH',
      'SP_PROVIDER_UNAVAILABLE',
      'SP_PROVIDER_UNTRUSTED',
      'SP_STEP_UP_REQUIRED',
      'SP_TOO_MANY_ATTEMPTS',
      'SP_UNAUTHENTICATED',
    ],
    leadsTo: '`returnTo` of the answer',
  },
  authorize: {
    purpose:
      'What an OAuth client asks of its user, with `oauthProvider`: to sign in, to confirm who they are, or for consent. The id of the request follows the path, as `/<id>`.',
    query: {},
    fields: { decision: '`allow` or `deny`' },
    calls: ['GET /auth/oauth/:uid/request', 'POST /auth/oauth/:uid/decision'],
    errors: ['SP_NOT_FOUND', 'SP_CONFLICT'],
    leadsTo:
      '`signIn` or `stepUp` where `status` says so, back here afterwards; then `location` of the answer, by a link or a page in between: a redirect that answers a form is held to the rules for forms of the page before',
  },
  device: {
    purpose:
      'Where users enter the code that a device shows, with `oauthProvider` (RFC 8628), and say whether it may sign in. The address that devices give out is this one.',
    query: { user_code: 'the code, where the device led here: it fills the field in, and nothing else' },
    fields: {
      user_code: 'the code, as it was typed',
      decision: '`allow` or `deny`; absent where the code was entered, which asks',
    },
    calls: ['GET /auth/session', 'POST /auth/device/request', 'POST /auth/device/decision'],
    errors: [
      'SP_CONFLICT',
      'SP_NOT_FOUND',
      'SP_STEP_UP_REQUIRED',
      'SP_TOO_MANY_ATTEMPTS',
      'SP_TOO_MANY_SESSIONS',
      'SP_UNAUTHENTICATED',
      'SP_VALIDATION_FAILED',
    ],
    leadsTo: '`signIn` or `stepUp`, back here afterwards; then to nowhere: the device goes on by itself',
  },
  organizations: {
    purpose: 'The organizations of the signed-in user, and which one is active. Its form makes another one active.',
    query: { returnTo, did },
    fields: { organization: 'id of the organization to make active; empty for none', returnTo },
    calls: ['GET /auth/organizations', 'POST /auth/organizations/active'],
    errors: ['SP_NOT_FOUND', 'SP_UNAUTHENTICATED'],
    leadsTo: '`returnTo`, or itself',
  },
  createOrganization: {
    purpose: 'A new organization, in which its creator works at once.',
    query: {},
    fields: { name: 'name of the organization' },
    calls: ['GET /auth/organizations', 'POST /auth/organizations', 'POST /auth/organizations/active'],
    errors: ['SP_CONFLICT', 'SP_FORBIDDEN', 'SP_UNAUTHENTICATED', 'SP_VALIDATION_FAILED'],
    leadsTo: '`organization`',
  },
  organization: {
    purpose: 'One organization: members and their roles, invitations, its name, and the ways out of it.',
    query: {
      id: 'id of the organization',
      member: 'id of a member, whose roles are shown',
      after: 'where the page of members begins, as `next` of the answer says',
      invited: 'where the page of invitations begins, likewise',
      confirm: 'asks before `remove`, `leave` or `delete`',
      did,
    },
    fields: {
      do: '`switch` to it, `rename`, `invite`, `resend` or `withdraw` an invitation, change the `roles` of a member, `remove` one, `leave` or `delete`',
      organization: 'id of the organization',
      name: 'the new name',
      email: 'the address to invite',
      'role.*': 'a ticked box for each chosen role, by its name',
      invitation: 'the invitation to send again or to withdraw',
      member: 'the member to change or to remove',
      after: 'as in the address',
    },
    calls: [
      'GET /auth/organizations/:id',
      'GET /auth/organizations/:id/members',
      'GET /auth/organizations/:id/invitations',
      'POST /auth/organizations/active',
      'PATCH /auth/organizations/:id',
      'DELETE /auth/organizations/:id',
      'POST /auth/organizations/:id/invitations',
      'POST /auth/organizations/:id/invitations/:invitation/resend',
      'DELETE /auth/organizations/:id/invitations/:invitation',
      'PUT /auth/organizations/:id/members/:user',
      'DELETE /auth/organizations/:id/members/:user',
    ],
    errors: [
      'SP_AUTHORITY_EXCEEDED',
      'SP_CONFLICT',
      'SP_FORBIDDEN',
      'SP_LAST_OWNER',
      'SP_NOT_FOUND',
      'SP_STEP_UP_REQUIRED',
      'SP_TOO_MANY_ATTEMPTS',
      'SP_UNAUTHENTICATED',
      'SP_VALIDATION_FAILED',
    ],
    leadsTo: 'itself; `organizations` where the reader is no member any more',
  },
  acceptInvitation: {
    purpose: 'Where the mail of an invitation leads. A button accepts it, never the visit.',
    query: { token: 'the token of the link; leave the address that holds it at once' },
    fields: {
      do: '`accept` or `decline`',
      link: 'names the invitation that the page shows: another one, opened meanwhile, is not used',
    },
    calls: [
      'POST /auth/organizations/invitations/check',
      'POST /auth/organizations/invitations/accept',
      'POST /auth/organizations/invitations/decline',
      'POST /auth/organizations/active',
    ],
    errors: ['SP_CONFLICT', 'SP_FORBIDDEN', 'SP_LINK_INVALID', 'SP_UNAUTHENTICATED'],
    leadsTo:
      '`organizations`; `signIn` or `signUp`, and back, where `reader` is `signed-out`; a sign-out where it is `another-account`',
  },
  signedOut: {
    purpose: 'After a sign-out; to a user who is signed in it says that. Its form signs out.',
    query: { reason: '`signed-out`, `everywhere` or `ended`', returnTo },
    fields: { returnTo },
    calls: ['GET /auth/session', 'POST /auth/sign-out'],
    errors: [],
    leadsTo: '`signIn`, when the reader asks for it',
  },
  error: {
    purpose: 'What an error code means, for people.',
    query: { code: 'a code of the error catalog' },
    fields: {},
    calls: [],
    errors: [],
    leadsTo: 'home',
  },
} as const satisfies Readonly<Record<PageName, PageContract>>;
