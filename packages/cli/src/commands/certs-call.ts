import { exitCodes, UsageError, type CommandOption } from '@sallyport/core';
import type { CommandCall } from '../command.ts';
import { authorityFiles, openAuthority, type Authority } from '../certs/authority-folder.ts';
import { leafFiles } from '../certs/leaf-folder.ts';
import { withLock } from '../certs/private-files.ts';

/** The folder that every command about certificates works in. */
export const folderOption: Readonly<Record<string, CommandOption>> = {
  folder: { value: 'folder', describe: 'Where the authority lies; "certs" without it' },
};

/** Where the authority lies, as a path and as the operator typed it. */
export function folderOf(call: CommandCall): { readonly folder: string; readonly shown: string } {
  const shown = (call.value('folder') ?? 'certs').replace(/(?<=.)\/+$/, '');
  return { folder: call.resolvePath(shown), shown };
}

/** Opens the authority and works with it, while no other command changes its folder. */
export function withAuthority<Result>(call: CommandCall, work: (authority: Authority) => Result): Result {
  const { folder, shown } = folderOf(call);
  const authority = openAuthority(folder, shown);
  return withLock(folder, () => work(authority));
}

/** A number of days from the command line. */
export function daysOf(call: CommandCall, usual: number, most: number): number {
  const text = call.value('days');
  if (text === undefined) return usual;
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= most) return Number(text);
  throw new UsageError(`--days must be a whole number from 1 to ${most}.`, exitCodes.usage);
}

/** The files of an authority, as an operator types them. */
export function filesOfAuthority(shown: string): Readonly<Record<keyof typeof authorityFiles, string>> {
  const { certificate, key, revocationList } = authorityFiles;
  return {
    certificate: `${shown}/${certificate}`,
    key: `${shown}/${key}`,
    revocationList: `${shown}/${revocationList}`,
  };
}

/** The files of a certificate, as an operator types them. */
export function filesOfLeaf(shown: string, name: string): Readonly<Record<keyof typeof leafFiles, string>> {
  const { certificate, key, pair } = leafFiles;
  const folder = `${shown}/${name}`;
  return { certificate: `${folder}/${certificate}`, key: `${folder}/${key}`, pair: `${folder}/${pair}` };
}

/** The day of a point in time, for people. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
