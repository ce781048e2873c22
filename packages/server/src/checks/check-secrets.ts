import type { StartCheck } from './start-context.ts';

/** Which secrets come from the command or the address of the configuration. It was asked before any check runs. */
export const checkSecrets: StartCheck = {
  name: 'secrets',
  run: ({ config: { secrets }, environment: { fetchedSecrets } }) => {
    if (secrets.from === undefined) return [];
    const source = `secrets.from.${secrets.from.url === undefined ? 'command' : 'url'}`;
    if (fetchedSecrets.length > 0) return [{ kind: 'ok', finding: `${fetchedSecrets.join(', ')} come from ${source}` }];
    return [{ kind: 'warning', key: source, finding: 'gives no secret', hint: 'Correct it, or remove it.' }];
  },
};
