import type { SignInAnswer } from '@sallyport/nextjs/client';

const pages: Readonly<Record<SignInAnswer['status'], string | undefined>> = {
  'signed-in': undefined,
  'second-factor-required': '/second-factor',
  'second-factor-set-up-required': '/second-factor/set-up',
};

/** Where a sign-in goes on: to the page that was asked for, or to the second step, which keeps it in mind. */
export function nextStep({ status, returnTo }: Pick<SignInAnswer, 'status' | 'returnTo'>): string {
  const page = pages[status];
  return page === undefined ? returnTo : withReturnTo(page, returnTo);
}

/** A page of the sign-in, with the page that was asked for. */
export function withReturnTo(page: string, returnTo: string | undefined): string {
  return returnTo === undefined || returnTo === '/' ? page : `${page}?returnTo=${encodeURIComponent(returnTo)}`;
}
