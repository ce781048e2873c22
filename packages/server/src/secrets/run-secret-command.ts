import { spawn } from 'node:child_process';
import { kill } from 'node:process';
import { maxSecretBytes } from './parse-secrets.ts';
import { withoutSecrets } from './secret-values.ts';
import { SecretsUnusable } from './secrets-unusable.ts';

export interface SecretCommand {
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
  /** What it inherits, apart from the secrets of the gateway. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
}

/**
 * Runs a program and resolves to what it printed. No shell reads the arguments. What it writes to standard error goes
 * nowhere: such programs print secrets there when they are told to explain themselves. It and what it started are ended
 * when the time is up, or when it prints without end.
 *
 * @throws SecretsUnusable with the exit code, and nothing that it printed.
 */
export function runSecretCommand(options: SecretCommand): Promise<Buffer> {
  const { command, timeoutSeconds, variables, workingFolder } = options;
  const [program = '', ...parameters] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd: workingFolder,
      env: withoutSecrets(variables),
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: false,
      windowsHide: true,
      // A group of its own, so that it can be ended together with what it started.
      detached: process.platform !== 'win32',
    });
    const parts: Buffer[] = [];
    let size = 0;
    const fail = (problem: string): void => {
      clearTimeout(timer);
      reject(new SecretsUnusable(problem));
    };
    const end = (problem: string): void => {
      if (child.pid !== undefined) endGroup(child.pid);
      child.stdout.destroy();
      fail(problem);
    };
    const timer = setTimeout(() => end(`did not end within ${timeoutSeconds} s`), timeoutSeconds * 1000);
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxSecretBytes) end(`printed more than ${maxSecretBytes} bytes`);
      else parts.push(part);
    });
    child.once('error', (error: NodeJS.ErrnoException) => fail(`cannot be run (${error.code ?? 'unknown'})`));
    child.once('close', (code, signal) => {
      if (code === 0) {
        clearTimeout(timer);
        resolve(Buffer.concat(parts));
      } else
        fail(`ended with ${code === null ? String(signal) : `code ${code}`}: run it by hand, as this user, to see why`);
    });
  });
}

/** Ends the program and what it started. */
function endGroup(pid: number): void {
  try {
    kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
