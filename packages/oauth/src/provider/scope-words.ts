import type { Policy } from '@sallyport/core';

/** What the scopes of OpenID Connect let a client have, in the words of its user. */
const oidcScopeWords: Readonly<Record<string, string>> = {
  openid: 'Know that you are the same person each time you sign in',
  profile: 'See your name',
  email: 'See your email address',
  offline_access: 'Stay connected while you are not there, until your sign-in ends',
};

/** What is another thing for a device: its sign-in is its own. */
const deviceScopeWords: Readonly<Record<string, string>> = {
  offline_access: 'Stay signed in, until you sign it out',
};

/** A scope as its user is told of it: permissions in the words of the policy. */
export function describeScope(scope: string, policy: Pick<Policy, 'permissions'>, of: 'client' | 'device' = 'client') {
  const words = of === 'device' ? { ...oidcScopeWords, ...deviceScopeWords } : oidcScopeWords;
  return { scope, description: words[scope] ?? policy.permissions[scope] ?? scope };
}
