/** A kind of second factor that an account can have: an authenticator app, codes by email, codes by text message. */
export const factorMethods = ['totp', 'email', 'sms'] as const;

/** A kind of second factor. */
export type FactorMethod = (typeof factorMethods)[number];

/** What a code can come from: a factor, or the list of recovery codes. */
export const codeMethods = [...factorMethods, 'recovery-code'] as const;

/** What a code can come from. */
export type CodeMethod = (typeof codeMethods)[number];

/** Methods whose codes are sent, and not made by the owner's own device. */
export type SentMethod = Extract<FactorMethod, 'email' | 'sms'>;

/**
 * How a code counts in `amr` (RFC 8176). An emailed code is no one-time-password device, and RFC 8176 has no word for it
 * but `mca`: more than one channel. A recovery code is a one-time password in the plain sense.
 */
export const amrOfCode: Readonly<Record<CodeMethod, string>> = {
  totp: 'otp',
  email: 'mca',
  sms: 'sms',
  'recovery-code': 'otp',
};

/** Says whether the codes of a method are sent. */
export function isSentMethod(method: CodeMethod): method is SentMethod {
  return method === 'email' || method === 'sms';
}
