import { parseArgs } from 'node:util';
import { parsePort, StartRefused } from './public-port.ts';

export interface StartOptions {
  readonly json: boolean;
  /** Whether the gateway speaks https, with a certificate of the development authority. */
  readonly https: boolean;
  /** Port that is served; that of `PORT`, or 3000, when it is absent. */
  readonly port?: number;
  readonly help: boolean;
}

export const startHelp = `Builds Sallyport and runs all of it on this machine.

  npm start              show a table when everything answers
  npm start -- --json    print the same as one JSON line on stdout
  npm start -- --https   https, with a certificate made here; says how to trust it
  npm start -- --port 3100
                         serve another port than 3000, or than the variable PORT says
  npm start -- --help    this text

  SALLYPORT_DATA_DIR     folder of accounts, keys and logs (default: .sallyport)
  DEMO_SECOND_FACTOR_ROLES
                         roles that demand a second factor, such as admin
  DEMO_TOKEN_ORIGINS     origins whose pages may sign in with tokens (default: http://localhost:5173)

Ctrl-C stops everything; a second Ctrl-C stops it at once.`;

/**
 * Reads the arguments of `npm start`.
 *
 * @throws StartRefused that names an unknown option and shows the known ones.
 */
export function parseStartOptions(commandLine: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args: [...commandLine],
      options: {
        json: { type: 'boolean', default: false },
        https: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
      allowPositionals: false,
    });
    const { port, ...switches } = values;
    return { ...switches, ...(port === undefined ? {} : { port: parsePort(port, '--port') }) };
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    const [sentence = ''] = error instanceof Error ? error.message.split('. ') : [];
    throw new StartRefused(`${sentence}.\n\n${startHelp}`);
  }
}
