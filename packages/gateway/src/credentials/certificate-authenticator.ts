import {
  certificateNameOf,
  maximumTokenLength,
  problemOfCertificateName,
  SallyportError,
  type Authenticator,
  type ClientCertificate,
} from '@sallyport/core';
import { routeOf } from '../pipeline/request-state.ts';
import { createCredentialFinder, type CredentialFinderParts } from './credential-finder.ts';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';

export interface CertificateAuthenticatorParts extends CredentialFinderParts {
  readonly authenticators: readonly Authenticator[];
}

/**
 * Recognizes a machine by its certificate, which the firewall stage has verified: the authenticator of the kind `mtls` is
 * asked for the name in it. Only routes that open the kind ask at all.
 */
export function createCertificateAuthenticator(parts: CertificateAuthenticatorParts): RequestAuthenticator {
  const authenticator = parts.authenticators.find(({ kind }) => kind === 'mtls');
  const find = authenticator === undefined ? undefined : createCredentialFinder(authenticator, parts);

  return {
    authenticate: (state) => {
      const { certificate } = state;
      if (certificate === undefined) return notApplicable;
      const { credentials, fresh } = routeOf(state);
      if (find === undefined || !credentials.has('mtls')) return refused('credential-not-accepted');
      const name = certificateNameOf(certificate);
      if (name === undefined) return refused(problemOfCertificateName(certificate) ?? 'certificate-without-name');
      if (name.length > maximumTokenLength) return refused('credential-too-long');
      const found = find(state, name, fresh || state.isFresh);
      return found instanceof Promise
        ? found.then((later) => endingWith(later, certificate))
        : endingWith(found, certificate);
    },
  };
}

/** What is remembered is the caller: no token and no stream outlives the certificate that was presented this time. */
export function endingWith(
  outcome: RequestAuthenticationOutcome,
  { expiresAt }: ClientCertificate,
): RequestAuthenticationOutcome {
  if (outcome.kind !== 'authenticated' || outcome.credential === undefined) return outcome;
  const { caller, recheck, kind } = outcome.credential;
  const end = caller.expiresAt !== undefined && caller.expiresAt < expiresAt ? caller.expiresAt : expiresAt;
  return {
    ...outcome,
    credential: { kind, caller: { ...caller, expiresAt: end }, recheck },
    notAfter: Math.floor(end.getTime() / 1000),
  };
}

function refused(reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError('SP_UNAUTHENTICATED', { reason }) };
}
