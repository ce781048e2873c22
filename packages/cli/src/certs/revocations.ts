import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '@sallyport/core';
import * as z from 'zod';
import { authorityFiles, backdateMilliseconds, dayMilliseconds, type Authority } from './authority-folder.ts';
import { makePrivateFolder, replaceFile } from './private-files.ts';
import {
  makeRevocationList,
  readListValidity,
  revocationReasons,
  type ListValidity,
  type RevocationReason,
} from './revocation-list.ts';

const reasonNames = Object.keys(revocationReasons) as readonly RevocationReason[]; // Object.keys forgets the type.

const revocationSchema = z.object({
  serialNumber: z.string().regex(/^[0-9a-f]{2,40}$/),
  name: z.string(),
  revokedAt: z.coerce.date(),
  /** From then on nothing believes it anyway, and it leaves the list. */
  notAfter: z.coerce.date(),
  reason: z.enum(reasonNames).optional(),
});

/** A certificate that was revoked, as it is kept. */
export type Revocation = z.infer<typeof revocationSchema>;

export const defaultListDays = 30;
const revokedFolder = '.revoked';

/** Every revocation of the folder. A record that cannot be read stops the command: the list would lose it. */
export function listRevocations({ folder, shown }: Pick<Authority, 'folder' | 'shown'>): readonly Revocation[] {
  const root = join(folder, revokedFolder);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((file) => file.endsWith('.json'))
    .map((file) => parseRevocation(readFileSync(join(root, file), 'utf8'), `${shown}/${revokedFolder}/${file}`));
}

/** Notes a revocation. It holds for others with the next list: see {@link writeRevocationList}. */
export function noteRevocation({ folder }: Authority, revocation: Revocation): void {
  makePrivateFolder(join(folder, revokedFolder));
  replaceFile(join(folder, revokedFolder, `${revocation.serialNumber}.json`), `${JSON.stringify(revocation)}\n`);
}

/** Writes the list of revoked certificates anew, good for `days` from now, and says between when it holds. */
export function writeRevocationList(
  authority: Authority,
  now: Date,
  days: number,
): ListValidity & { readonly revoked: number } {
  // As long as an expired certificate may still pass by the clock of another machine, it stays.
  const revoked = listRevocations(authority).filter(
    ({ notAfter }) => notAfter.getTime() + dayMilliseconds > now.getTime(),
  );
  const thisUpdate = new Date(now.getTime() - backdateMilliseconds);
  const validity = { thisUpdate, nextUpdate: new Date(now.getTime() + days * dayMilliseconds) };
  replaceFile(join(authority.folder, authorityFiles.revocationList), makeRevocationList(authority, revoked, validity));
  return { ...validity, revoked: revoked.length };
}

/** Between when the list of the folder holds; `undefined` when there is none that can be read. */
export function readListOf(folder: string): ListValidity | undefined {
  try {
    return readListValidity(readFileSync(join(folder, authorityFiles.revocationList), 'utf8'));
  } catch {
    return undefined;
  }
}

/** For how many days lists of this folder are made: as the last one was. */
export function listDays(folder: string): number {
  const list = readListOf(folder);
  if (list === undefined) return defaultListDays;
  return Math.max(1, Math.round((list.nextUpdate.getTime() - list.thisUpdate.getTime()) / dayMilliseconds));
}

function parseRevocation(text: string, shown: string): Revocation {
  try {
    return revocationSchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(
      `${shown} is damaged, and without it a revoked certificate would be trusted again. Bring it back from a backup.`,
    );
  }
}
