import { fingerprintOfLink } from '@sallyport/pages';
import { organizationStates } from './organization-states.ts';
import { refuses, says } from './played-answers.ts';
import type { PageState } from './page-state.ts';

const email = 'robin@example.com';
const token = 'c2FtcGxlLXRva2VuLW9mLWEtcHJldmlldy1vbmx5LTAx';
const flow = (value: object) => ({ 'sallyport-80-flow': Buffer.from(JSON.stringify(value)).toString('base64url') });
const link = { 'sallyport-80-link': token };
const weak = refuses('SP_PASSWORD_UNACCEPTABLE', {
  errors: [{ field: 'password', message: 'must have at least 15 characters' }],
});
const signIn = { email, password: 'wrong' };
const factors = [{ method: 'totp' }, { method: 'email', destination: 'r•••@example.com' }];
const pending = {
  status: 'pending',
  purpose: 'verify',
  expiresAt: '2030-01-01T00:00:00.000Z',
  methods: factors,
  hasRecoveryCodes: true,
  resendSeconds: 30,
};
const asksForCode = { 'GET /auth/second-factor/pending': says(pending) };
const setsUp = {
  'GET /auth/second-factor/pending': says({
    ...pending,
    purpose: 'set-up',
    methods: [{ method: 'totp' }, { method: 'email' }, { method: 'sms' }],
  }),
};
const uri = 'otpauth://totp/Example:robin%40example.com?issuer=Example&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const codes = Array.from({ length: 10 }, (_, index) => `${'abcdefghij'[index]}7k2p-x4m9q-t3v8w-n5r6s`);
const stepUp = (methods: readonly object[]) => ({
  'GET /auth/step-up': says({ acr: 'pwd', authTime: '2030-01-01T00:00:00.000Z', methods, resendSeconds: 30 }),
});

const hasNoOthers = {
  'GET /auth/account/providers': says({ connected: [], available: [], hasPassword: true }),
  'GET /auth/account/apps': says({ apps: [] }),
};
const signedIn = { device: 'Firefox on Linux', signedInAt: '2030-01-01T08:00:00.000Z', isCurrent: true };
const playedApp = {
  clientId: 'client_00000000000000000001',
  kind: 'application',
  name: 'Assistant',
  host: 'assistant.example',
  allowedAt: '2030-01-01T08:30:00.000Z',
  lastUsedAt: null,
  signIns: [signedIn],
  scopes: [
    { scope: 'openid', description: 'Know that you are the same person each time you sign in' },
    { scope: 'product:read', description: 'Look at products' },
  ],
};
const playedAgent = {
  ...playedApp,
  clientId: 'client_00000000000000000002',
  kind: 'agent',
  name: 'Shopping agent',
  host: 'agent.example',
  lastUsedAt: '2030-01-01T09:12:00.000Z',
  signIns: [{ ...signedIn, through: 'Assistant' }],
  scopes: [{ scope: 'product:read', description: 'Look at products' }],
};

/** Of the form that the provider gives its requests. */
const oauthRequest = 'a'.repeat(21);
const deviceRequest = {
  client: { name: 'Ledger CLI', homepage: 'https://ledger.example.com/' },
  actsForYou: false,
  userCode: 'WDJB-MJHT',
  account: { name: 'Robin', email },
  scopes: [
    { scope: 'offline_access', description: 'Stay signed in, until you sign it out' },
    { scope: 'product:read', description: 'List and read products' },
  ],
  address: '203.0.113.7',
  isFromYourNetwork: true,
  requestedAt: new Date().toISOString(),
  expiresAt: new Date().toISOString(),
};
const offersProviders = {
  'GET /auth/providers': says({
    providers: [
      { id: 'google', name: 'Google', kind: 'google' },
      { id: 'work', name: 'Example Works', kind: 'oidc' },
    ],
  }),
};

/** Every built-in page in its states. A state is the answer to a real request: identity alone is played. */
export const pageStates: readonly PageState[] = [
  { id: 'sign-in', title: 'Sign in', path: '/auth/sign-in' },
  {
    id: 'sign-in-providers',
    title: 'Sign in, with other providers',
    path: '/auth/sign-in',
    answers: offersProviders,
  },
  {
    id: 'sign-in-cancelled',
    title: 'Sign in, cancelled at a provider',
    path: '/auth/sign-in?provider=google&refused=SP_PROVIDER_CANCELLED',
    answers: offersProviders,
  },
  {
    id: 'sign-in-refused',
    title: 'Sign in: wrong password',
    path: '/auth/sign-in',
    form: signIn,
    answers: { 'POST /auth/sign-in/email': refuses('SP_CREDENTIALS_INVALID') },
  },
  {
    id: 'sign-in-unverified',
    title: 'Sign in: address not confirmed',
    path: '/auth/sign-in',
    form: signIn,
    answers: { 'POST /auth/sign-in/email': refuses('SP_EMAIL_UNVERIFIED') },
  },
  {
    id: 'sign-in-limited',
    title: 'Sign in: too many attempts',
    path: '/auth/sign-in',
    form: signIn,
    answers: { 'POST /auth/sign-in/email': refuses('SP_TOO_MANY_ATTEMPTS', { wait: 90 }) },
  },
  {
    id: 'sign-in-out-of-order',
    title: 'Sign in: out of order',
    path: '/auth/sign-in',
    form: signIn,
    answers: { 'POST /auth/sign-in/email': refuses('SP_STORE_UNAVAILABLE') },
  },
  {
    id: 'sign-in-verified',
    title: 'Sign in: address confirmed',
    path: '/auth/sign-in',
    cookies: flow({ email, done: 'verified' }),
  },
  {
    id: 'sign-in-password-changed',
    title: 'Sign in: password changed',
    path: '/auth/sign-in',
    cookies: flow({ email, done: 'password-changed' }),
  },
  { id: 'sign-in-already', title: 'Sign in: already signed in', path: '/auth/sign-in', isSignedIn: true },
  { id: 'sign-up', title: 'Sign up', path: '/auth/sign-up' },
  {
    id: 'sign-up-refused',
    title: 'Sign up: weak password',
    path: '/auth/sign-up',
    form: { name: 'Robin Doe', email, password: 'short' },
    answers: { 'POST /auth/sign-up/email': weak },
  },
  {
    id: 'check-mail',
    title: 'Check your email: sign-up',
    path: '/auth/check-mail',
    cookies: flow({ email, mail: 'verify-email' }),
  },
  {
    id: 'check-mail-reset',
    title: 'Check your email: password',
    path: '/auth/check-mail',
    cookies: flow({ email, mail: 'reset-password' }),
  },
  { id: 'check-mail-unknown', title: 'Check your email: no address', path: '/auth/check-mail' },
  {
    id: 'verify',
    title: 'Confirm your email',
    path: '/auth/verify',
    cookies: link,
    answers: { 'POST /auth/check-link': says({ status: 'valid', email, asksFor: [] }) },
  },
  {
    id: 'verify-elsewhere',
    title: 'Confirm your email: another browser',
    path: '/auth/verify',
    cookies: link,
    answers: { 'POST /auth/check-link': says({ status: 'valid', email, asksFor: ['name', 'newPassword'] }) },
  },
  { id: 'verify-spent', title: 'Confirm your email: used link', path: '/auth/verify' },
  { id: 'forgot', title: 'Forgot password', path: '/auth/forgot' },
  {
    id: 'reset',
    title: 'New password',
    path: '/auth/reset',
    cookies: link,
    answers: { 'POST /auth/check-link': says({ status: 'valid', email, asksFor: ['newPassword'] }) },
  },
  {
    id: 'reset-refused',
    title: 'New password: refused',
    path: '/auth/reset',
    cookies: link,
    form: { link: fingerprintOfLink(token), email, newPassword: 'short' },
    answers: {
      'POST /auth/reset-password': refuses('SP_PASSWORD_UNACCEPTABLE', {
        errors: [{ field: 'newPassword', message: 'must have at least 15 characters' }],
      }),
    },
  },
  { id: 'reset-spent', title: 'New password: used link', path: '/auth/reset' },
  {
    id: 'authorize',
    title: 'Consent for an OAuth client',
    path: `/auth/oauth/${oauthRequest}`,
    isSignedIn: true,
    answers: {
      [`GET /auth/oauth/${oauthRequest}/request`]: says({
        status: 'consent',
        client: { name: 'Ledger', host: 'ledger.example.com', homepage: 'https://ledger.example.com/' },
        location: '/',
        account: { name: 'Robin', email },
        scopes: [
          { scope: 'email', description: 'See your email address' },
          { scope: 'product:read', description: 'List and read products' },
        ],
      }),
    },
  },
  { id: 'authorize-over', title: 'A request of an OAuth client that is over', path: '/auth/oauth' },
  { id: 'device', title: 'The code of a device', path: '/auth/device?user_code=WDJB-MJHT', isSignedIn: true },
  {
    id: 'device-question',
    title: 'A device that asks to sign in',
    path: '/auth/device',
    isSignedIn: true,
    form: { user_code: 'wdjb mjht' },
    answers: { 'POST /auth/device/request': says(deviceRequest) },
  },
  {
    id: 'device-of-the-product',
    title: 'A device of the product itself, elsewhere',
    path: '/auth/device',
    isSignedIn: true,
    form: { user_code: 'wdjb mjht' },
    answers: {
      'POST /auth/device/request': says({ ...deviceRequest, actsForYou: true, isFromYourNetwork: false, scopes: [] }),
    },
  },
  {
    id: 'device-unknown',
    title: 'The code of a device: unknown',
    path: '/auth/device',
    isSignedIn: true,
    form: { user_code: 'WDJB-MJHT' },
    answers: { 'POST /auth/device/request': refuses('SP_NOT_FOUND') },
  },
  {
    id: 'device-refused',
    title: 'The code of a device: no code',
    path: '/auth/device',
    isSignedIn: true,
    form: { user_code: 'WD' },
    answers: {
      'POST /auth/device/request': refuses('SP_VALIDATION_FAILED', {
        errors: [{ field: 'userCode', message: 'must be the eight letters that the device shows' }],
      }),
    },
  },
  {
    id: 'device-allowed',
    title: 'A device that is signed in',
    path: '/auth/device',
    isSignedIn: true,
    form: { user_code: 'WDJB-MJHT', decision: 'allow' },
    answers: { 'POST /auth/device/decision': says({ status: 'allowed', client: { name: 'Ledger CLI' } }) },
  },
  { id: 'two-step', title: 'Two-step verification', path: '/auth/two-step', answers: asksForCode },
  {
    id: 'two-step-email',
    title: 'Two-step verification: code sent',
    path: '/auth/two-step?method=email&sent=email',
    answers: asksForCode,
  },
  {
    id: 'two-step-recovery',
    title: 'Two-step verification: recovery code',
    path: '/auth/two-step?method=recovery-code',
    answers: asksForCode,
  },
  {
    id: 'two-step-refused',
    title: 'Two-step verification: wrong code',
    path: '/auth/two-step',
    form: { method: 'totp', code: '000000' },
    answers: { ...asksForCode, 'POST /auth/second-factor/verify': refuses('SP_CODE_INVALID') },
  },
  {
    id: 'two-step-expired',
    title: 'Two-step verification: too late',
    path: '/auth/two-step',
    answers: { 'GET /auth/second-factor/pending': says({ status: 'none' }) },
  },
  { id: 'set-up', title: 'Set up: choose', path: '/auth/two-step/set-up', answers: setsUp },
  { id: 'set-up-sms', title: 'Set up: phone number', path: '/auth/two-step/set-up?method=sms', answers: setsUp },
  {
    id: 'set-up-app',
    title: 'Set up: authenticator app',
    path: '/auth/two-step/set-up',
    form: { method: 'totp' },
    answers: {
      ...setsUp,
      'POST /auth/second-factor/totp/start': says({ uri, secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' }),
    },
  },
  {
    id: 'set-up-codes',
    title: 'Set up: recovery codes',
    path: '/auth/two-step/set-up',
    form: { do: 'confirm', method: 'totp', code: '123456', uri },
    answers: {
      ...setsUp,
      'POST /auth/second-factor/totp/confirm': says({ status: 'confirmed', recoveryCodes: codes }),
    },
  },
  {
    id: 'recovery-codes',
    title: 'Recovery codes',
    path: '/auth/two-step/recovery-codes',
    isSignedIn: true,
    answers: {
      'GET /auth/second-factor': says({
        factors: [{ method: 'totp', addedAt: '2030-01-01T00:00:00.000Z', enabled: true }],
        methods: ['totp'],
        required: false,
        recoveryCodesLeft: 4,
      }),
    },
  },
  {
    id: 'security',
    title: 'Security settings',
    path: '/auth/security',
    isSignedIn: true,
    answers: {
      ...hasNoOthers,
      'GET /auth/second-factor': says({
        factors: [
          { method: 'totp', addedAt: '2030-01-01T00:00:00.000Z', enabled: true },
          { method: 'email', destination: 'r•••@example.com', addedAt: '2030-01-01T00:00:00.000Z', enabled: true },
        ],
        methods: ['totp', 'email'],
        required: false,
        recoveryCodesLeft: 4,
      }),
    },
  },
  {
    id: 'security-agents',
    title: 'Security settings, with an agent and an app',
    path: '/auth/security',
    isSignedIn: true,
    answers: {
      ...hasNoOthers,
      'GET /auth/second-factor': says({ factors: [], methods: ['totp'], required: false, recoveryCodesLeft: 0 }),
      'GET /auth/account/apps': says({ apps: [playedAgent, playedApp] }),
    },
  },
  {
    id: 'confirm',
    title: 'Step-up: password',
    path: '/auth/confirm',
    isSignedIn: true,
    answers: stepUp([{ method: 'password' }]),
  },
  { id: 'confirm-code', title: 'Step-up: code', path: '/auth/confirm', isSignedIn: true, answers: stepUp(factors) },
  {
    id: 'confirm-missing',
    title: 'Step-up: factor needed',
    path: '/auth/confirm?acr_values=mfa',
    isSignedIn: true,
    answers: stepUp([{ method: 'password' }]),
  },
  ...organizationStates,
  { id: 'signed-out', title: 'Signed out', path: '/auth/signed-out' },
  { id: 'signed-out-not', title: 'Signed out: still signed in', path: '/auth/signed-out', isSignedIn: true },
  { id: 'signed-out-everywhere', title: 'Signed out everywhere', path: '/auth/signed-out?reason=everywhere' },
  { id: 'signed-out-ended', title: 'Session ended', path: '/auth/signed-out?reason=ended' },
  { id: 'error', title: 'Error', path: '/auth/error?code=SP_FORBIDDEN' },
];
