import {
  freezePrincipal,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Authenticator,
} from '@sallyport/core';
import type { RoleDirectory } from '../../accounts/role-directory.ts';
import type { ServiceAccount, ServiceAccounts } from './service-accounts.ts';

export interface CertificateAuthenticatorParts {
  readonly serviceAccounts: Pick<ServiceAccounts, 'findByCertificate'>;
  readonly roles: Pick<RoleDirectory, 'permissionsOf'>;
}

/** No person signed in: a step-up is never met, however young the certificate is. */
const noSignIn = new Date(0);

/**
 * Says whose certificate it is that a machine presents. The gateway has verified it, and asks with the name in it: its
 * SPIFFE id, or its subject. No header is ever taken for one.
 *
 * A certificate speaks for its account with the roles and permissions that this has now: unlike a key it was not made with
 * fewer.
 */
export function createCertificateAuthenticator(parts: CertificateAuthenticatorParts): Authenticator {
  const { serviceAccounts, roles } = parts;

  const judge = async (name: string): Promise<AuthenticationOutcome> => {
    const account = await serviceAccounts.findByCertificate(name);
    if (account === null) return refused('certificate-not-mapped');
    if (account.isDisabled) return refused('certificate-account-disabled');
    const { permissions, generation } = await roles.permissionsOf(account.roles);
    return { kind: 'authenticated', caller: toCaller(account, name, permissions, generation) };
  };

  return {
    kind: 'mtls',
    alwaysReadsStore: true,
    recognize: () => undefined,
    authenticate: judge,
    async recheck(name) {
      const judged = await judge(name);
      return judged.kind === 'authenticated' ? judged.caller : null;
    },
  };
}

function toCaller(
  account: ServiceAccount,
  name: string,
  permissions: readonly string[],
  policyGeneration: number,
): AuthenticatedCaller {
  const principal = freezePrincipal({
    kind: 'service',
    id: account.id,
    roles: [...account.roles],
    permissions: [...permissions],
    acr: 'pwd',
    amr: [],
    authTime: noSignIn,
    credential: 'mtls',
    generation: { session: account.generation, user: account.generation, policy: policyGeneration },
  });
  // Another certificate of the same name goes on in its place. The account, which always ends it, ends it with its name, too.
  return { principal, credentialId: name, endedBy: [] };
}

function refused(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason };
}
