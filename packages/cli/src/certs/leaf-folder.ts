import { X509Certificate, type KeyObject } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '@sallyport/core';
import { toPem } from './authority-folder.ts';
import { makePrivateFolder, writeNewFile } from './private-files.ts';

/** A certificate of a folder. */
export interface Leaf {
  readonly name: string;
  readonly certificate: X509Certificate;
  /** Whether it is the one that the files of its name hold. */
  readonly isCurrent: boolean;
}

export const leafFiles = { certificate: 'cert.pem', key: 'key.pem', pair: 'pair.pem' } as const;
const leavesFolder = '.leaves';

/** Every certificate of the folder that is still kept, by name, the current one of a name first. */
export function listLeaves(folder: string): readonly Leaf[] {
  const root = join(folder, leavesFolder);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => !name.startsWith('.'))
    .toSorted()
    .flatMap((name) => leavesOf(folder, name));
}

/** The certificates of one name, the current one first, then the later ones before the earlier. */
export function leavesOf(folder: string, name: string): readonly Leaf[] {
  const root = join(folder, leavesFolder, name);
  if (!existsSync(root)) return [];
  const current = currentSerial(folder, name);
  return readdirSync(root)
    .filter((serial) => existsSync(join(root, serial, leafFiles.certificate)))
    .map((serial) => ({
      name,
      certificate: new X509Certificate(readFileSync(join(root, serial, leafFiles.certificate))),
      isCurrent: serial === current,
    }))
    .toSorted(
      (a, b) =>
        Number(b.isCurrent) - Number(a.isCurrent) ||
        b.certificate.validToDate.getTime() - a.certificate.validToDate.getTime(),
    );
}

/**
 * Puts a certificate and its key in the place of those before.
 *
 * Both stand in a folder of their own, and the name is a symbolic link to it that is replaced by rename(2). So both change in
 * one step, also when the process dies in the middle; `pair.pem` holds both in one file, for what reads files one by one.
 * The generation before stays, for readers that have followed the link already; keys before that are deleted.
 */
export function putLeaf(folder: string, name: string, certificate: X509Certificate, privateKey: KeyObject): void {
  const before = currentSerial(folder, name);
  const serial = serialOf(certificate);
  const generation = join(folder, leavesFolder, name, serial);
  for (const part of [join(folder, leavesFolder), join(folder, leavesFolder, name), generation])
    makePrivateFolder(part);
  const [cert, key] = [certificate.toString(), toPem(privateKey)];
  writeNewFile(join(generation, leafFiles.key), key);
  writeNewFile(join(generation, leafFiles.pair), `${cert}${key}`);
  // The certificate last: a generation without one is not listed.
  writeNewFile(join(generation, leafFiles.certificate), cert);
  const next = join(folder, leavesFolder, `.${name}.next`);
  rmSync(next, { force: true });
  symlinkSync(join(leavesFolder, name, serial), next, 'dir');
  renameSync(next, join(folder, name));
  forgetOldKeys(folder, name, new Set([serial, before]));
}

/** Refuses a name whose place is taken by files that are not ours. */
export function requireFreePlace(folder: string, name: string, shown: string): void {
  const status = lstatSync(join(folder, name), { throwIfNoEntry: false });
  if (status === undefined || status.isSymbolicLink()) return;
  throw new UsageError(`${shown}/${name} is in the way, and is no certificate of "sallyport certs". Move it away.`);
}

/** Deletes what has expired and was replaced; what was revoked is remembered elsewhere. */
export function forgetExpired(folder: string, name: string, now: Date): void {
  for (const { certificate, isCurrent } of leavesOf(folder, name))
    if (!isCurrent && certificate.validToDate < now)
      rmSync(join(folder, leavesFolder, name, serialOf(certificate)), { recursive: true });
}

/** The serial number as folders and lists write it. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase();
}

function currentSerial(folder: string, name: string): string | undefined {
  const link = join(folder, name);
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? basename(readlinkSync(link))
    : undefined;
}

function forgetOldKeys(folder: string, name: string, keep: ReadonlySet<string | undefined>): void {
  const root = join(folder, leavesFolder, name);
  for (const serial of readdirSync(root).filter((entry) => !keep.has(entry)))
    for (const file of [leafFiles.key, leafFiles.pair]) rmSync(join(root, serial, file), { force: true });
}
