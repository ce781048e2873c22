import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/** Secrets as a container of compose.yaml meets them. */
export interface MountedSecrets {
  /** What would be /run/secrets. */
  readonly folder: string;
  /** What the script wrote into .env. */
  readonly variables: Readonly<Record<string, string>>;
  read(name: string): string;
  /** Puts an address of the test in place of one of the networks of Compose; owner, group and mode stay. */
  replace(name: string, part: string, replacement: string): void;
}

/** A user of the machine who is neither root nor the user of the images. */
const operator = { uid: 23_456, gid: 23_457 };
const isRoot = process.getuid?.() === 0;

/**
 * Runs make-secrets.sh, as an ordinary user where this process may, and mounts what it made: owner, group and mode stay,
 * the folder around the files does not count any more.
 */
export function mountSecrets(folder: string, host: string): MountedSecrets {
  const checkout = path.join(folder, 'checkout');
  for (const part of ['deploy/compose', 'deploy/redis']) {
    cpSync(path.join(workspaceRoot, part), path.join(checkout, part), {
      recursive: true,
      filter: (file) => !file.endsWith('/secrets'),
    });
  }
  const script = ['sh', path.join(checkout, 'deploy/compose/make-secrets.sh'), host];
  if (isRoot) execFileSync('chown', ['-R', `${operator.uid}:${operator.gid}`, checkout]);
  const [program = '', ...rest] = isRoot ? [...asUser(operator.uid, operator.gid), ...script] : script;
  execFileSync(program, rest, { stdio: 'pipe' });

  const made = path.join(checkout, 'deploy/compose/secrets');
  const mounted = path.join(folder, 'secrets');
  mkdirSync(mounted, { mode: 0o755 });
  for (const name of readdirSync(made)) {
    const { uid, gid, mode } = statSync(path.join(made, name));
    const target = path.join(mounted, name);
    writeFileSync(target, readFileSync(path.join(made, name)));
    if (isRoot) chownSync(target, uid, gid);
    chmodSync(target, mode);
  }
  const lines = readFileSync(path.join(checkout, '.env'), 'utf8').trim().split('\n');
  const read = (name: string): string => readFileSync(path.join(mounted, name), 'utf8').trim();
  return {
    folder: mounted,
    variables: Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])),
    read,
    replace: (name, part, replacement) => {
      const file = path.join(mounted, name);
      const { mode } = statSync(file);
      const text = read(name).replace(part, replacement);
      chmodSync(file, 0o600);
      writeFileSync(file, text);
      chmodSync(file, mode);
    },
  };
}

/** Words in front of a command that run it as that user, with no groups but these. */
export function asUser(uid: number, gid: number, ...groups: readonly string[]): readonly string[] {
  const more = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`];
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, ...more];
}
