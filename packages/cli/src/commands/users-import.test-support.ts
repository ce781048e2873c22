import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkplace, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

/** The hash of a password, as other systems export it. */
export const exportedHash = '$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde';

/** A folder with empty stores, into which accounts are imported. */
export interface ImportPlace extends Workplace {
  /** Writes a file, and imports it. */
  importText(name: string, text: string | Buffer, ...args: readonly string[]): Promise<CommandResult>;
  /** The addresses of all accounts, in their order. */
  emails(): Promise<readonly string[]>;
  /** What `--errors refused.txt` wrote. */
  reasons(): string;
}

export function createImportPlace(): ImportPlace {
  const place = createWorkplace();
  return {
    ...place,
    importText: (name, text, ...args) => {
      writeFileSync(join(place.folder, name), text);
      return place.run(['users', 'import', name, '--json', ...args]);
    },
    emails: async () => {
      const { output } = await place.run(['users', 'list', '--json']);
      return output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { readonly email: string }).email)
        .toSorted();
    },
    reasons: () => readFileSync(join(place.folder, 'refused.txt'), 'utf8'),
  };
}

/** Records as NDJSON. */
export const toLines = (...records: readonly unknown[]): string =>
  records.map((record) => JSON.stringify(record)).join('\n');
