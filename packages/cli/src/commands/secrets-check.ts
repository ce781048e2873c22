import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import { loadRootSecret } from '@sallyport/stores';
import type { Command } from '../command.ts';
import { loadSettings } from '../open-system.ts';
import { toTable } from '../table.ts';

/** Checks the root secret, and shows its versions but no value. */
export const checkSecrets: Command = {
  name: 'secrets check',
  summary: 'Checks the root secret and shows its versions, never a value',
  run: async (call) => {
    const { config, environment } = await loadSettings(call.terminal);
    const isInEnvironment = environment.secret !== undefined;
    // Loading would generate one.
    if (!isInEnvironment && !existsSync(join(config.dataDir, 'root-secret')))
      throw new UsageError(
        `There is no root secret yet: the first start generates one into ${config.dataDir}, or set SALLYPORT_SECRET.`,
        exitCodes.refused,
      );
    const versions = loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret });
    const source = isInEnvironment ? 'SALLYPORT_SECRET' : join(config.dataDir, 'root-secret');
    const shown = versions.map(({ version, value }, index) => ({
      version,
      characters: value.length,
      use: index === 0 ? 'writes and reads' : 'reads',
    }));
    const rows = shown.map(({ version, characters, use }) => [String(version), String(characters), use]);
    call.report({ source, versions: shown }, `${source}\n${toTable(['VERSION', 'CHARACTERS', 'USE'], rows)}`);
    return exitCodes.done;
  },
};
