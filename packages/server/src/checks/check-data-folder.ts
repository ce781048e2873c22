import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckFinding } from '@sallyport/core';
import { readEndedSessions, refuseSharedFolder } from '@sallyport/stores';
import { endedSessionsFile } from '../open-stores.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

const openToOthers = 0o077;
const privateFiles = ['sallyport.db', 'sallyport.db-wal'];
/** Its own check refuses one that others can read, where it is in use. */
const unusedSecretFile = 'root-secret';

/** Whether other users of the machine can read or replace what is in the data folder, and whether it can be read by the gateway. */
export const checkDataFolder: StartCheck = {
  name: 'file modes',
  run: ({ config: { dataDir }, environment: { secret, databaseUrl, redisUrl }, preset }) => {
    const isUsed = secret === undefined || databaseUrl === undefined || redisUrl === undefined;
    const failures = isUsed ? findingsOf(() => refuseSharedFolder(dataDir)) : [];
    // Without Redis the database keeps the sessions, and this file those that ended.
    const damage =
      redisUrl === undefined ? findingsOf(() => readEndedSessions(endedSessionsFile(dataDir), new Date())) : [];
    if (failures.length > 0) return [...failures, ...damage];
    const secretFiles = [...privateFiles, ...(preset?.secretFiles ?? [])];
    const files = secret === undefined ? secretFiles : [unusedSecretFile, ...secretFiles];
    return [...damage, ...checkFiles(dataDir, files)];
  },
};

function checkFiles(dataDir: string, names: readonly string[]): readonly CheckFinding[] {
  if (process.platform === 'win32' || !existsSync(dataDir)) return [];
  const open = names
    .map((name) => join(dataDir, name))
    .filter((file) => existsSync(file) && (statSync(file).mode & openToOthers) !== 0);
  if (open.length === 0) return [{ kind: 'ok', finding: `${dataDir} is yours alone` }];
  return open.map((file) => ({
    kind: 'warning',
    finding: `${file} can be read by others`,
    hint: `Run "chmod 600 ${file}".`,
  }));
}
