import { exitCodes, UsageError } from '@sallyport/core';
import { dayMilliseconds } from '../certs/authority-folder.ts';
import { requireCertificateName, requireNames, type CertificateNames } from '../certs/certificate-names.ts';
import { describeLeaf } from '../certs/describe-leaf.ts';
import type { CertificateUsage } from '../certs/extensions.ts';
import { issueLeaf } from '../certs/issue-leaf.ts';
import { leavesOf, requireFreePlace } from '../certs/leaf-folder.ts';
import { listRevocations } from '../certs/revocations.ts';
import type { Command, CommandCall } from '../command.ts';
import { dayOf, daysOf, filesOfLeaf, folderOption, withAuthority } from './certs-call.ts';
import { toIssueUsages } from './certs-usages.ts';

const [usualDays, mostDays] = [30, 825];

/** Issues a certificate for one machine. */
export const issueCertificate: Command = {
  name: 'certs issue',
  summary: 'Issues a certificate with a key of its own for one service or machine',
  operands: ['<name>'],
  options: {
    ...folderOption,
    spiffe: { value: 'id', describe: 'Its SPIFFE id, such as spiffe://acme/billing' },
    dns: { value: 'name', describe: 'A name under which it is called; may be repeated', isRepeatable: true },
    ip: { value: 'address', describe: 'An address under which it is called; may be repeated', isRepeatable: true },
    client: { describe: 'For calling others' },
    server: { describe: 'For being called' },
    replace: { describe: 'In the place of the one of this name, to give it other names' },
    days: { value: 'number', describe: `How long it lasts; ${usualDays} without it` },
  },
  notes: [
    'Without --client and --server it is for both with --spiffe, for being called with --dns or --ip alone, and for calling',
    'others without any of them. Its files stand in a folder of its name: cert.pem, key.pem, and both in pair.pem.',
  ],
  run: async (call) => {
    const name = requireCertificateName(call.operands[0] ?? '');
    const names = requireNames(namesOf(call));
    const usages = toIssueUsages(names, { isClient: call.has('client'), isServer: call.has('server') });
    const lifetimeMilliseconds = daysOf(call, usualDays, mostDays) * dayMilliseconds;
    return withAuthority(call, (authority) => {
      const now = new Date();
      const revocations = listRevocations(authority);
      requireFreePlace(authority.folder, name, authority.shown);
      const [current] = leavesOf(authority.folder, name);
      const state = current === undefined ? undefined : describeLeaf(current, revocations, now).state;
      if (!call.has('replace') && (state === 'valid' || state === 'due'))
        throw new UsageError(
          `There is a certificate "${name}". "sallyport certs renew ${name}" makes the next one; --replace issues it with other names.`,
          exitCodes.refused,
        );
      const certificate = issueLeaf(authority, name, { names, usages, lifetimeMilliseconds }, now);
      const described = describeLeaf({ name, certificate, isCurrent: true }, revocations, now);
      const files = filesOfLeaf(authority.shown, name);
      call.report({ certificate: described, files }, textOf(described.id, usages, described.notAfter, files));
      return exitCodes.done;
    });
  },
};

function namesOf(call: CommandCall): CertificateNames {
  return { spiffeId: call.value('spiffe'), dnsNames: call.values('dns'), addresses: call.values('ip') };
}

function textOf(
  id: string,
  usages: readonly CertificateUsage[],
  notAfter: Date,
  files: ReturnType<typeof filesOfLeaf>,
): string {
  return [
    `Issued ${id} for ${usages.join(' and ')} use, until ${dayOf(notAfter)}.`,
    `  ${files.certificate}, ${files.key}; both in ${files.pair}`,
    'Renew it in time: "sallyport certs renew --due", once a day.',
  ].join('\n');
}
