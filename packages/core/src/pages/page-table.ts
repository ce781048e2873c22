/** The pages on which people sign in, by name: the path of the built-in one. The only list of them. */
export const builtInPages = {
  signIn: '/auth/sign-in',
  signUp: '/auth/sign-up',
  checkMail: '/auth/check-mail',
  verifyEmail: '/auth/verify',
  forgotPassword: '/auth/forgot',
  resetPassword: '/auth/reset',
  secondFactor: '/auth/two-step',
  secondFactorSetUp: '/auth/two-step/set-up',
  recoveryCodes: '/auth/two-step/recovery-codes',
  security: '/auth/security',
  stepUp: '/auth/confirm',
  authorize: '/auth/oauth',
  device: '/auth/device',
  organizations: '/auth/my/organizations',
  createOrganization: '/auth/my/organizations/new',
  organization: '/auth/my/organization',
  acceptInvitation: '/auth/invitation',
  signedOut: '/auth/signed-out',
  error: '/auth/error',
} as const;

/** Pages that are no step on the way in, and that a visit changes nothing at: a sign-in may lead back to them. */
export const pagesToReturnTo: readonly PageName[] = [
  'security',
  'organizations',
  'createOrganization',
  'organization',
  'acceptInvitation',
  'device',
];

/** The name of a page. */
export type PageName = keyof typeof builtInPages;

/** Where each page is: the built-in path, or that of the page which takes its place. */
export type PageTable = Readonly<Record<PageName, string>>;

/** The pages that take the place of built-in ones, by name. */
export type PageOverrides = { readonly [Name in PageName]?: string | undefined };

/** Says where each page is. */
export function resolvePages(overrides: PageOverrides = {}): PageTable {
  const chosen = Object.entries(overrides).filter(([, path]) => path !== undefined);
  return { ...builtInPages, ...Object.fromEntries(chosen) };
}

/**
 * The address of a page with parameters in its query. What is empty or absent is left out.
 *
 * @example
 * pageUrl('/auth/sign-in', { returnTo: '/orders?page=2' }); // '/auth/sign-in?returnTo=%2Forders%3Fpage%3D2'
 */
export function pageUrl(path: string, parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value = '']) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  return query === '' ? path : `${path}?${query}`;
}
