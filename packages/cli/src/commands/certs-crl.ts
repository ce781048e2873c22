import { exitCodes } from '@sallyport/core';
import { listDays, writeRevocationList } from '../certs/revocations.ts';
import type { Command } from '../command.ts';
import { dayOf, daysOf, filesOfAuthority, folderOption, withAuthority } from './certs-call.ts';

const mostDays = 366;

/** Writes the list of revoked certificates anew. */
export const writeCertificateList: Command = {
  name: 'certs crl',
  summary: 'Writes the revocation list anew, before the one in use runs out',
  options: {
    ...folderOption,
    days: { value: 'number', describe: 'How long it holds; as long as the one before without it (30 at first)' },
  },
  notes: [
    'Servers refuse every certificate once their list has run out. "sallyport certs renew --due" writes it in time, and keeps',
    'the number of days that was chosen here.',
  ],
  run: async (call) =>
    withAuthority(call, (authority) => {
      const days = daysOf(call, listDays(authority.folder), mostDays);
      const { nextUpdate, revoked } = writeRevocationList(authority, new Date(), days);
      const file = filesOfAuthority(authority.shown).revocationList;
      const count = revoked === 1 ? 'One certificate is revoked.' : `${revoked} certificates are revoked.`;
      call.report({ file, nextUpdate, revoked }, `Wrote ${file}, until ${dayOf(nextUpdate)}. ${count}`);
      return exitCodes.done;
    }),
};
