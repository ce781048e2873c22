import { exitCodes, UsageError } from '@sallyport/core';
import type { Authority } from '../certs/authority-folder.ts';
import { requireCertificateName } from '../certs/certificate-names.ts';
import { leavesOf, listLeaves, serialOf, type Leaf } from '../certs/leaf-folder.ts';
import { revocationReasons, type RevocationReason } from '../certs/revocation-list.ts';
import { listDays, listRevocations, noteRevocation, writeRevocationList } from '../certs/revocations.ts';
import type { Command, CommandCall } from '../command.ts';
import { dayOf, filesOfAuthority, folderOption, withAuthority } from './certs-call.ts';

/** Revokes certificates. */
export const revokeCertificates: Command = {
  name: 'certs revoke',
  summary: 'Revokes a certificate and writes the revocation list',
  operands: ['[<name>]'],
  options: {
    ...folderOption,
    serial: { value: 'number', describe: 'The one with this serial number, such as one that was replaced' },
    reason: { value: 'reason', describe: `One of ${Object.keys(revocationReasons).join(', ')}` },
  },
  notes: [
    'With a name every certificate of it that has not expired is revoked, also those that were replaced. What a list says holds',
    'where the list is read: bring ca.crl to every machine that asks for certificates.',
  ],
  run: async (call) => {
    const reason = reasonOf(call);
    const [name] = call.operands;
    const serial = call.value('serial');
    if ((name === undefined) === (serial === undefined))
      throw new UsageError('sallyport certs revoke: give a name, or one certificate with --serial.', exitCodes.usage);
    return withAuthority(call, (authority) => {
      const now = new Date();
      const leaves = name === undefined ? bySerial(authority, serial ?? '') : byName(authority, name, now);
      const known = new Set(listRevocations(authority).map(({ serialNumber }) => serialNumber));
      const revoked = leaves.filter(({ certificate }) => !known.has(serialOf(certificate)));
      for (const leaf of revoked)
        noteRevocation(authority, {
          serialNumber: serialOf(leaf.certificate),
          name: leaf.name,
          revokedAt: now,
          notAfter: leaf.certificate.validToDate,
          ...(reason === undefined ? {} : { reason }),
        });
      const list = writeRevocationList(authority, now, listDays(authority.folder));
      const shown = revoked.map((leaf) => ({ name: leaf.name, serialNumber: serialOf(leaf.certificate) }));
      const revocationList = { nextUpdate: list.nextUpdate, revoked: list.revoked };
      call.report({ revoked: shown, revocationList }, textOf(shown, authority.shown, list.nextUpdate));
      return exitCodes.done;
    });
  },
};

function reasonOf(call: CommandCall): RevocationReason | undefined {
  const text = call.value('reason');
  const reason = (Object.keys(revocationReasons) as readonly RevocationReason[]).find((name) => name === text); // Object.keys forgets the type.
  if (text === undefined || reason !== undefined) return reason;
  throw new UsageError(`--reason must be one of ${Object.keys(revocationReasons).join(', ')}.`, exitCodes.usage);
}

function byName({ folder, shown }: Authority, typed: string, now: Date): readonly Leaf[] {
  const name = requireCertificateName(typed);
  const leaves = leavesOf(folder, name);
  if (leaves.length === 0)
    throw new UsageError(
      `There is no certificate "${name}" in ${shown}. "sallyport certs list" shows all.`,
      exitCodes.refused,
    );
  const lasting = leaves.filter(({ certificate }) => certificate.validToDate > now);
  if (lasting.length > 0) return lasting;
  throw new UsageError(`Every certificate "${name}" has expired: there is nothing to revoke.`, exitCodes.refused);
}

/** Also as OpenSSL writes it, in capitals and with colons, and as logs do, without zeros in front. */
function bySerial({ folder, shown }: Authority, typed: string): readonly Leaf[] {
  const digitsOf = (text: string): string => text.replaceAll(':', '').toLowerCase().replace(/^0+/, '');
  const leaf = listLeaves(folder).find(({ certificate }) => digitsOf(serialOf(certificate)) === digitsOf(typed));
  if (leaf !== undefined) return [leaf];
  throw new UsageError(
    `No certificate in ${shown} has that serial number. "sallyport certs list" shows all.`,
    exitCodes.refused,
  );
}

function textOf(
  revoked: readonly { readonly name: string; readonly serialNumber: string }[],
  shown: string,
  until: Date,
): string {
  const lines = revoked.map(({ name, serialNumber }) => `Revoked ${name} ${serialNumber}.`);
  const list = `${filesOfAuthority(shown).revocationList} says so, until ${dayOf(until)}: bring it to every machine that asks for certificates.`;
  return [...(lines.length === 0 ? ['It was revoked already.'] : lines), list].join('\n');
}
