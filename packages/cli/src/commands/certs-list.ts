import { exitCodes, readClientCertificate } from '@sallyport/core';
import { openAuthority } from '../certs/authority-folder.ts';
import { daysUntil, describeLeaf, isAuthorityDue, isDue } from '../certs/describe-leaf.ts';
import { listLeaves, serialOf } from '../certs/leaf-folder.ts';
import { listRevocations, readListOf } from '../certs/revocations.ts';
import type { Command } from '../command.ts';
import { dayOf, folderOf, folderOption } from './certs-call.ts';

interface Row {
  readonly kind: 'authority' | 'revocation-list' | 'certificate';
  readonly name: string;
  readonly id: string;
  readonly usage: readonly string[];
  readonly serialNumber: string;
  readonly notAfter: Date | null;
  readonly daysLeft: number | null;
  readonly state: string;
}

/** Lists certificates and until when they hold. */
export const listCertificates: Command = {
  name: 'certs list',
  summary: 'Lists the authority, its revocation list and every certificate, and until when they hold',
  options: folderOption,
  notes: [
    '"due" has less than a third of its time left: "sallyport certs renew --due" renews it. An authority is due a year before its',
    'end: docs/operations/certificates.md. "replaced" has a newer one of its name, and holds until its own end. With --json each',
    'of them is one line.',
  ],
  run: async (call) => {
    const { folder, shown } = folderOf(call);
    const authority = openAuthority(folder, shown);
    const now = new Date();
    const revocations = listRevocations(authority);
    const leaves = listLeaves(folder).map((leaf) => describeLeaf(leaf, revocations, now));
    const rows: readonly Row[] = [
      authorityRow(authority.certificate, now),
      listRow(folder, now),
      ...leaves.map(({ name, id, usage, serialNumber, notAfter, daysLeft, state }) => ({
        kind: 'certificate' as const,
        name,
        id,
        usage,
        serialNumber,
        notAfter,
        daysLeft,
        state,
      })),
    ];
    if (call.isJson) for (const row of rows) call.report(row, '');
    else
      call.report(
        null,
        call.toTable(
          ['NAME', 'ID', 'FOR', 'SERIAL', 'NOT AFTER', 'DAYS LEFT', 'STATE'],
          rows.map(({ name, id, usage, serialNumber, notAfter, daysLeft, state }) => [
            name,
            id,
            usage.join(' '),
            serialNumber,
            notAfter === null ? '' : dayOf(notAfter),
            String(daysLeft ?? ''),
            state,
          ]),
        ),
      );
    return exitCodes.done;
  },
};

function authorityRow(certificate: ReturnType<typeof openAuthority>['certificate'], now: Date): Row {
  return {
    kind: 'authority',
    name: '(authority)',
    id: readClientCertificate(certificate).subject,
    usage: [],
    serialNumber: serialOf(certificate),
    notAfter: certificate.validToDate,
    daysLeft: daysUntil(certificate.validToDate, now),
    state: stateOf(isAuthorityDue(certificate, now), certificate.validToDate, now),
  };
}

function listRow(folder: string, now: Date): Row {
  const list = readListOf(folder);
  return {
    kind: 'revocation-list',
    name: '(revocation list)',
    id: '',
    usage: [],
    serialNumber: '',
    notAfter: list?.nextUpdate ?? null,
    daysLeft: list === undefined ? null : daysUntil(list.nextUpdate, now),
    state: list === undefined ? 'missing' : stateOf(isDue(list.thisUpdate, list.nextUpdate, now), list.nextUpdate, now),
  };
}

function stateOf(isDueNow: boolean, until: Date, now: Date): string {
  if (until <= now) return 'expired';
  return isDueNow ? 'due' : 'valid';
}
