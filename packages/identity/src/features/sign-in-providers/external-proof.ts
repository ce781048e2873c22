import type { AssuranceLevel } from '@sallyport/core';
import * as z from 'zod';
import { toEmailAddress } from '../../accounts/email-address.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { ProviderTokens } from './kept-tokens/kept-token.ts';
import { refuse } from './provider-refusal.ts';

/** Who an identity provider says is there, with the weakest assumption in whatever it leaves unsaid. */
export interface ExternalProof {
  /** The identity is the pair of these two, and nothing else: addresses and names change hands. */
  readonly issuer: string;
  readonly subject: string;
  /** In the one spelling of addresses; `undefined` where it gave none, or what is none. */
  readonly email: string | undefined;
  /** Whether it proved the address, and is believed about that domain. */
  readonly isEmailProved: boolean;
  readonly name: string | undefined;
  readonly acr: AssuranceLevel;
  readonly amr: readonly string[];
  /** When the user signed in there; `undefined` where it does not say. */
  readonly authTime: Date | undefined;
  /** Its session, where it says so. */
  readonly sid: string | undefined;
  /** To act there for the user; only where the configuration has them kept. */
  readonly tokens?: ProviderTokens;
}

/** What claims say of the person. Everything but the subject may be missing, or be of another type than it should. */
const claimsSchema = z.object({
  iss: z.string().min(1).max(512),
  sub: z.string().min(1).max(255),
  email: z.string().optional().catch(undefined),
  email_verified: z.unknown().optional(),
  // Microsoft: whether the owner of the domain of the address has proved to be that.
  xms_edov: z.unknown().optional(),
  // Google: the domain of the organization that the account belongs to.
  hd: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  acr: z.string().optional().catch(undefined),
  amr: z.array(z.string()).optional().catch(undefined),
  auth_time: z.number().optional().catch(undefined),
  sid: z.string().min(1).max(255).optional().catch(undefined),
});

/** RFC 8176 has no word for it; it stands for "as an identity provider says". */
const federated = 'fed';
const amrForm = /^[a-z0-9_-]{1,16}$/i;

/**
 * Reads the claims of an ID token that was verified, or their like.
 *
 * @throws SallyportError for claims without an issuer and a subject.
 */
export function toExternalProof(claims: unknown, provider: IdentityProvider): ExternalProof {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) throw refuse('id-token-invalid');
  const read = parsed.data;
  const { iss: issuer, sub: subject, acr: said, amr: how = [], auth_time: authTime, sid } = read;
  const email = read.email === undefined ? undefined : toEmailAddress(read.email);
  const acr =
    (said === undefined || !Object.hasOwn(provider.trustAcr, said) ? undefined : provider.trustAcr[said]) ?? 'pwd';
  return {
    issuer,
    subject,
    email,
    isEmailProved: email !== undefined && isVerified(read, provider) && isTrustedAbout(email, read.hd, provider),
    name: toName(read.name),
    acr,
    // How it was proved counts only where how strong it was counts.
    amr: acr === 'pwd' ? [federated] : [federated, ...how.filter((word) => amrForm.test(word)).slice(0, 8)],
    authTime: authTime === undefined || authTime < 0 ? undefined : new Date(authTime * 1000),
    sid,
  };
}

type Claims = z.output<typeof claimsSchema>;

/** Apple writes the word, and Microsoft has a claim of its own for it; nothing else than these counts. */
function isVerified({ email_verified, xms_edov }: Claims, { kind }: IdentityProvider): boolean {
  if (kind === 'microsoft') return xms_edov === true || xms_edov === 1 || xms_edov === '1' || xms_edov === 'true';
  return email_verified === true || (kind === 'apple' && email_verified === 'true');
}

function isTrustedAbout(email: string, hostedDomain: string | undefined, provider: IdentityProvider): boolean {
  const { trustedEmailDomains, kind } = provider;
  if (trustedEmailDomains === '*') return true;
  const domain = email.slice(email.lastIndexOf('@') + 1);
  // Google Workspace decides about the addresses of the organization that an account belongs to.
  if (kind === 'google' && hostedDomain?.toLowerCase() === domain) return true;
  return trustedEmailDomains.includes(domain);
}

/** Control characters, line ends, and the marks that turn the direction of what follows, are for no list. */
function toName(text: string | undefined): string | undefined {
  const name = text
    ?.toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .trim()
    .slice(0, 100);
  return name === undefined || name === '' ? undefined : name.toWellFormed();
}
