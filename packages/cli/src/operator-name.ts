import { userInfo } from 'node:os';
import type { Terminal } from './terminal.ts';

/**
 * The name of the operator in security events: the user of this machine, and behind sudo the one who called it. It says who
 * ran the command; what was allowed follows from who may read the data folder, or knows the token.
 */
export function operatorNameOf({ environment }: Terminal): string {
  const name = environment['SUDO_USER'] ?? nameOfUser();
  return name.replace(/[^\x21-\x7e]/g, '?').slice(0, 64) || 'unknown';
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
