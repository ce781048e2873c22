import { exitCodes, UsageError } from '@sallyport/core';
import { dayMilliseconds, type Authority } from '../certs/authority-folder.ts';
import { requireCertificateName } from '../certs/certificate-names.ts';
import { describeLeaf, isDue } from '../certs/describe-leaf.ts';
import { issueLeaf, requestOf } from '../certs/issue-leaf.ts';
import { leavesOf, listLeaves, requireFreePlace, serialOf, type Leaf } from '../certs/leaf-folder.ts';
import { listDays, listRevocations, readListOf, writeRevocationList, type Revocation } from '../certs/revocations.ts';
import type { Command, CommandCall } from '../command.ts';
import { dayOf, daysOf, folderOption, withAuthority } from './certs-call.ts';

interface Failed {
  readonly name: string;
  readonly problem: string;
}

interface Renewed {
  readonly name: string;
  readonly serialNumber: string;
  readonly notAfter: Date;
  /** The serial number of the one before, which holds until its own end. */
  readonly replaced: string;
}

const mostDays = 825;

/** Issues the next certificate of a name. */
export const renewCertificates: Command = {
  name: 'certs renew',
  summary: 'Issues the next certificate of a name, with a new key, in the place of the one before',
  operands: ['[<names…>]'],
  options: {
    ...folderOption,
    due: {
      describe: 'Every certificate with less than a third of its time left, and the revocation list when it is due',
    },
    days: { value: 'number', describe: 'How long it lasts; as long as the one before without it' },
  },
  notes: [
    'For a timer: "sallyport certs renew --due", once a day. Certificate and key change in one step. What reads its files again',
    'goes on without a restart: the gateway within ten seconds. The one before holds until its own end: revoke it if it was stolen.',
  ],
  run: async (call) => {
    const names = call.operands.map(requireCertificateName);
    if (call.has('due') === names.length > 0)
      throw new UsageError('sallyport certs renew: give names, or --due for all that run out soon.', exitCodes.usage);
    return withAuthority(call, (authority) => {
      const now = new Date();
      const revocations = listRevocations(authority);
      const chosen = call.has('due')
        ? dueLeaves(authority, revocations, now)
        : names.map((name) => requireRenewable(authority, name, revocations));
      const { renewed, failed } = renewEach(call, authority, chosen, now);
      const list = renewListWhenDue(authority, now);
      const revocationList = list === undefined ? undefined : { nextUpdate: list.nextUpdate, revoked: list.revoked };
      for (const { name, problem } of failed) call.note(`${name} was not renewed. ${problem}`);
      call.report(
        { renewed, failed, ...(revocationList === undefined ? {} : { revocationList }) },
        textOf(renewed, chosen.length === 0, list?.nextUpdate),
      );
      return failed.length === 0 ? exitCodes.done : exitCodes.refused;
    });
  },
};

/** One that cannot be renewed holds up no other: they would run out with it. */
function renewEach(
  call: CommandCall,
  authority: Authority,
  leaves: readonly Leaf[],
  now: Date,
): { readonly renewed: readonly Renewed[]; readonly failed: readonly Failed[] } {
  const renewed: Renewed[] = [];
  const failed: Failed[] = [];
  for (const leaf of leaves)
    try {
      renewed.push(renew(call, authority, leaf, now));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      failed.push({ name: leaf.name, problem: error.message });
    }
  return { renewed, failed };
}

function renew(call: CommandCall, authority: Authority, { name, certificate }: Leaf, now: Date): Renewed {
  const request = requestOf(certificate);
  const usualDays = request.lifetimeMilliseconds / dayMilliseconds;
  const lifetimeMilliseconds = daysOf(call, usualDays, mostDays) * dayMilliseconds;
  requireFreePlace(authority.folder, name, authority.shown);
  const next = issueLeaf(authority, name, { ...request, lifetimeMilliseconds }, now);
  return { name, serialNumber: serialOf(next), notAfter: next.validToDate, replaced: serialOf(certificate) };
}

function dueLeaves({ folder }: Authority, revocations: readonly Revocation[], now: Date): readonly Leaf[] {
  return listLeaves(folder).filter(
    (leaf) => leaf.isCurrent && ['due', 'expired'].includes(describeLeaf(leaf, revocations, now).state),
  );
}

/** A revoked one is not renewed: who took its key would hardly be stopped by a timer that makes the next. */
function requireRenewable({ folder, shown }: Authority, name: string, revocations: readonly Revocation[]): Leaf {
  const leaf = leavesOf(folder, name).find(({ isCurrent }) => isCurrent);
  if (leaf === undefined)
    throw new UsageError(
      `There is no certificate "${name}" in ${shown}. "sallyport certs list" shows all; "sallyport certs issue ${name}" makes one.`,
      exitCodes.refused,
    );
  if (revocations.some(({ serialNumber }) => serialNumber === serialOf(leaf.certificate)))
    throw new UsageError(
      `The certificate "${name}" was revoked, and is not renewed. "sallyport certs issue ${name}" makes another one.`,
      exitCodes.refused,
    );
  return leaf;
}

function renewListWhenDue(authority: Authority, now: Date): ReturnType<typeof writeRevocationList> | undefined {
  const list = readListOf(authority.folder);
  if (list !== undefined && !isDue(list.thisUpdate, list.nextUpdate, now)) return undefined;
  return writeRevocationList(authority, now, listDays(authority.folder));
}

function textOf(renewed: readonly Renewed[], isNothingDue: boolean, nextUpdate: Date | undefined): string {
  const lines = renewed.map(
    ({ name, notAfter, replaced }) => `Renewed ${name}, until ${dayOf(notAfter)}. The one before is ${replaced}.`,
  );
  const list = nextUpdate === undefined ? [] : [`Wrote the revocation list anew, until ${dayOf(nextUpdate)}.`];
  return [...(isNothingDue ? ['No certificate runs out soon.'] : lines), ...list].join('\n');
}
