import { exitCodes, readClientCertificate, UsageError } from '@sallyport/core';
import { createAuthority } from '../certs/authority-folder.ts';
import { requireDnsName, requireTrustDomain, type NameConstraints } from '../certs/certificate-names.ts';
import { serialOf } from '../certs/leaf-folder.ts';
import { defaultListDays, writeRevocationList } from '../certs/revocations.ts';
import type { Command, CommandCall } from '../command.ts';
import { dayOf, daysOf, filesOfAuthority, folderOf, folderOption } from './certs-call.ts';

const [usualDays, mostDays] = [3650, 7300];

/** Makes an authority for certificates of machines. */
export const initCertificates: Command = {
  name: 'certs init',
  summary: 'Makes an authority for certificates of machines, for development and tests',
  options: {
    ...folderOption,
    'trust-domain': { value: 'name', describe: 'Sign SPIFFE ids of this trust domain alone, such as acme' },
    domain: {
      value: 'name',
      describe: 'Sign DNS names of this domain and below it alone, such as acme.internal; may be repeated',
      isRepeatable: true,
    },
    organization: { value: 'name', describe: 'The organization (O) in every subject' },
    days: { value: 'number', describe: `How long it lasts; ${usualDays} without it` },
  },
  notes: [
    'Its key lies in the folder, closed to other users: enough for development, for tests and for a few machines of your own.',
    'In production take certificates from an authority that keeps its key elsewhere and renews by itself: SPIRE, step-ca or',
    'cert-manager. The gateway and the services take theirs in the same way.',
  ],
  run: async (call) => {
    const { folder, shown } = folderOf(call);
    const now = new Date();
    const constraints = constraintsOf(call);
    const organization = organizationOf(call);
    const commonName = 'Development authority';
    const days = daysOf(call, usualDays, mostDays);
    const authority = createAuthority(folder, shown, { commonName, organization, constraints, days }, now);
    const list = writeRevocationList(authority, now, defaultListDays);
    const { certificate } = authority;
    const files = filesOfAuthority(shown);
    const described = {
      subject: readClientCertificate(certificate).subject,
      serialNumber: serialOf(certificate),
      notAfter: certificate.validToDate,
      ...constraints,
    };
    const rows = [
      [`  ${files.certificate}`, 'what servers and clients trust'],
      [
        `  ${files.revocationList}`,
        `what it revoked: nothing yet; to be written anew before ${dayOf(list.nextUpdate)}`,
      ],
      [`  ${files.key}`, 'its key: leave it on this machine, and out of images and repositories'],
    ];
    const text = [
      `Made an authority for development, until ${dayOf(certificate.validToDate)}. It signs ${limitsOf(constraints)}.`,
      call.toTable(['FILE', ''], rows),
      'In production take certificates from SPIRE, step-ca or cert-manager: docs/operations/certificates.md',
      `Next: sallyport certs issue billing --spiffe spiffe://${constraints.trustDomains[0] ?? 'acme'}/billing`,
    ].join('\n');
    call.report({ authority: described, files }, text);
    return exitCodes.done;
  },
};

function constraintsOf(call: CommandCall): NameConstraints {
  const trustDomain = call.value('trust-domain');
  if (trustDomain !== undefined) requireTrustDomain(trustDomain);
  const domains = call.values('domain');
  for (const domain of domains) requireDnsName('--domain', domain);
  return { trustDomains: trustDomain === undefined ? [] : [trustDomain], domains };
}

/** Without what would need escaping in a distinguished name, so that it reads the same everywhere. */
function organizationOf(call: CommandCall): string | undefined {
  const organization = call.value('organization');
  if (organization === undefined || /^[\p{L}\p{N}](?:[\p{L}\p{N} .&'-]{0,62}[\p{L}\p{N}.])?$/u.test(organization))
    return organization;
  throw new UsageError(
    "--organization may have letters, digits, spaces and . & ' - and begin with a letter or digit, 64 characters at most.",
    exitCodes.usage,
  );
}

function limitsOf({ trustDomains, domains }: NameConstraints): string {
  const ids = trustDomains.length === 0 ? 'any SPIFFE id' : `SPIFFE ids below ${trustDomains.join(', ')}`;
  return `${ids}, and ${domains.length === 0 ? 'any DNS name' : `DNS names of ${domains.join(', ')}`}`;
}
