import { ClientError } from '@sallyport/client';

const sentences: Readonly<Record<string, string>> = {
  SP_CREDENTIALS_INVALID: 'The email address or the password is wrong.',
  SP_CODE_INVALID: 'That code is wrong or was used. Try the next one.',
  SP_SIGN_IN_EXPIRED: 'That took too long. Sign in again.',
  SP_EMAIL_UNVERIFIED: 'Open the link in the mail that we sent you, then sign in.',
  SP_SECOND_FACTOR_SET_UP_REQUIRED: 'Your account needs a second factor. Set it up on the website, then sign in here.',
  SP_CLIENT_UNAVAILABLE: 'The gateway cannot be reached. You are still signed in.',
  SP_CLIENT_SIGNED_OUT: 'You are signed out.',
};

/** A failure in a sentence for the user. */
export function explainError(error: unknown): string {
  if (!(error instanceof ClientError)) return 'There is no connection. Try again.';
  const wait = error.retryAfterSeconds === undefined ? '' : ` Try again in ${error.retryAfterSeconds} seconds.`;
  return (sentences[error.code] ?? error.hint ?? error.message) + wait;
}
