import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommandLine } from '../run.ts';

/** What a command line left behind. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  /** The output of `--json`. */
  readonly json: () => unknown;
}

/** A place of its own to run command lines in. */
export interface Workplace {
  readonly folder: string;
  readonly dataDir: string;
  readonly environment: Record<string, string>;
  run(args: readonly string[], input?: string): Promise<CommandResult>;
  /** Runs one that waits for something, and goes on. */
  start(args: readonly string[]): RunningCommand;
}

/** A command line that is running. */
export interface RunningCommand {
  readonly result: Promise<CommandResult>;
  /** What a pattern finds first in what the command writes to standard error. Rejects where it ends without. */
  untilErrors(pattern: RegExp): Promise<string>;
}

/** The first version of the root secret in tests. */
export const firstSecret = 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA';
/** The second version of the root secret in tests. */
export const secondSecret = 'Zt4Nq8Wx1Kd7Rb3Ym9Hc5Vf2Lg6Js0Pa';

/** A password that the rules accept. */
export const goodPassword = 'violet-kettle-marches-north-7';

const config = {
  publicUrl: 'http://localhost:3000',
  brand: { name: 'Acme' },
  mail: { from: 'Sallyport <no-reply@localhost>' },
  policy: {
    permissions: { 'product:read': 'List and read products', 'user:manage': 'Change the roles of users' },
    roles: { user: ['product:read'], vendor: ['product:read'], admin: ['product:read', 'user:manage'] },
  },
  apiKeys: {},
  passwords: { answerFloorMilliseconds: 100 },
  routes: [
    { name: 'shop', prefix: '/api/shop', upstream: 'http://127.0.0.1:9', audience: 'shop', access: 'signed-in' },
  ],
};

/** Makes a folder for command lines, with an environment that holds `variables`, and `sections` in its configuration. */
export function createWorkplace(variables: Readonly<Record<string, string>> = {}, sections: object = {}): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
  writeFileSync(join(folder, 'sallyport.config.ts'), `export default ${JSON.stringify({ ...config, ...sections })};\n`);
  const dataDir = join(folder, 'data');
  const environment = {
    SALLYPORT_DATA_DIR: dataDir,
    SALLYPORT_SECRET: firstSecret,
    // Nothing listens on the port of discard, and nothing is mailed.
    SMTP_URL: 'smtp://127.0.0.1:9',
    ...variables,
  };
  const start = (args: readonly string[], input = ''): RunningCommand => {
    const [output, errors] = [createSink(), createSink()];
    let isOver = false;
    const run = async (): Promise<CommandResult> => {
      const code = await runCommandLine(args, {
        environment,
        workingFolder: folder,
        input: Readable.from([Buffer.from(input)]),
        output: output.stream,
        errors: errors.stream,
      });
      isOver = true;
      const text = output.text();
      return { code, output: text, errors: errors.text(), json: () => JSON.parse(text) as unknown };
    };
    return {
      result: run(),
      async untilErrors(pattern) {
        for (;;) {
          const found = pattern.exec(errors.text())?.[1];
          if (found !== undefined) return found;
          if (isOver) throw new Error(`the command ended: ${errors.text()}`);
          await sleep(5);
        }
      },
    };
  };
  return { folder, dataDir, environment, start, run: (args, input) => start(args, input).result };
}

function createSink(): { readonly stream: Writable; readonly text: () => string } {
  const parts: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      parts.push(chunk.toString('utf8'));
      done();
    },
  });
  return { stream, text: () => parts.join('') };
}
