import { type SealedColumn, exitCodes, UsageError } from '@sallyport/core';
import { features } from '@sallyport/server';
import { loadRootSecret, rewrapSealedColumns, sealedKeyColumn, versionsToCome } from '@sallyport/stores';
import type { Command } from '../command.ts';
import { withSystem } from '../open-system.ts';
import { toTable } from '../table.ts';

/** Everything that is sealed at rest. A feature of identity lists its own columns. */
const sealedColumns: readonly SealedColumn[] = [sealedKeyColumn, ...features.sealedColumns];

/** A mailed link lives for a day at most. */
const linkSeconds = 86_400;

/** Seals what older versions of the root secret sealed anew under the newest. */
export const rewrapSecrets: Command = {
  name: 'secrets rewrap',
  summary: 'Seals what older versions of the root secret sealed anew under the newest',
  options: { 'dry-run': { describe: 'Count, and write nothing' } },
  notes: [
    'It may run beside gateways that have the new version already. What is only hashed (session tokens, mailed links) cannot',
    'be made anew: it lives out under the old version, until the time that is printed.',
  ],
  run: (call) =>
    // Beside a gateway on purpose: both forms open under the versions that it has.
    withSystem(call.terminal, 'reads', async ({ config, environment, stores }) => {
      const versions = loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret });
      const toCome = versionsToCome(versions);
      if (toCome.length > 0)
        throw new UsageError(
          `Version ${toCome.join(', ')} of the root secret is accepted and does not write yet: list it first, for every gateway, and run this afterwards.`,
        );
      const outcomes = await rewrapSealedColumns({
        records: stores.database.records,
        sealerFor: stores.sealerFor,
        versions,
        columns: sealedColumns,
        isDryRun: call.has('dry-run'),
      });
      const newest = versions[0]?.version ?? 0;
      const old = versions.slice(1).map(({ version }) => version);
      const seconds = Math.max(config.session.absoluteSeconds, linkSeconds);
      const keepUntil = new Date(Date.now() + seconds * 1000).toISOString();
      const rows = outcomes.map(({ model, column, rewrapped, current, unreadable }) => [
        `${model}.${column}`,
        String(rewrapped),
        String(current),
        String(unreadable),
      ]);
      const advice =
        old.length === 0
          ? `Version ${newest} is the only one: there is nothing to rotate. See docs/operations/secrets.md.`
          : `Keep version ${old.join(', ')} until ${keepUntil}, if every gateway has had version ${newest} from now on: until then sessions and mailed links from before are found by it. Dropped earlier, those sessions end and those links fail; nothing else is lost.`;
      const table = toTable(['COLUMN', 'SEALED ANEW', 'CURRENT', 'UNREADABLE'], rows);
      call.report({ newest, old, keepUntil: old.length === 0 ? null : keepUntil, outcomes }, `${table}\n${advice}`);
      return outcomes.some(({ unreadable }) => unreadable > 0) ? exitCodes.refused : exitCodes.done;
    }),
};
