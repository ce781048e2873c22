import * as z from 'zod';
import { builtInPages, type PageName } from './page-table.ts';

const what: Readonly<Record<PageName, string>> = {
  signIn: 'Email and password',
  signUp: 'A new account',
  checkMail: 'After a form that sends mail',
  verifyEmail: 'Where the mail of a new account leads',
  forgotPassword: 'Asks for the mail that resets a password',
  resetPassword: 'Where that mail leads: a new password',
  secondFactor: 'The second step of a sign-in',
  secondFactorSetUp: 'Sets up a second factor',
  recoveryCodes: 'New recovery codes',
  security: 'What protects the account of the signed-in user',
  stepUp: 'Confirms who the signed-in user is',
  authorize: 'What an OAuth client asks of its user; the id of the request follows',
  device: 'Where users enter the code of a device',
  organizations: 'The organizations of the signed-in user, and which one is active',
  createOrganization: 'A new organization',
  organization: 'Members, roles and invitations of one organization; its id follows as `?id=`',
  acceptInvitation: 'Where the mail of an invitation leads',
  signedOut: 'After a sign-out',
  error: 'What an error code means',
};

/** A path of this origin that is no other one's: not below `/auth`, where only built-in pages are. */
const ownPage = z
  .string()
  .max(200)
  .regex(/^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/(?!$)|$))+$/, 'must be a path of this origin such as "/login"')
  .refine((path) => !/^\/(?:auth|\.well-known)(?:\/|$)/i.test(path), 'must not be below /auth');

/**
 * The section `pages` of the configuration: pages of one's own in place of built-in ones. Unknown names stop the start,
 * and so does what is no path of this origin.
 *
 * @example
 * pagesSchema.parse({ signIn: '/login' });
 */
export const pagesSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(builtInPages).map(([name, path]) => [
      name,
      ownPage.optional().describe(`${what[name as PageName]}; ${path} by default`), // Its own keys.
    ]),
  ) as Record<PageName, z.ZodOptional<typeof ownPage>>,
);
