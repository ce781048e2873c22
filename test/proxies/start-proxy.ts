import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { findProgram } from '../transport/find-program.ts';

/** A proxy that runs as a process of its own. */
export interface RunningProxy {
  stop(): Promise<void>;
}

export const nginx: string | undefined = findProgram('nginx');
export const caddy: string | undefined = findProgram('caddy');
export const haproxy: string | undefined = findProgram('haproxy');
export const apache: string | undefined = findProgram('apache2');

const apacheModules = '/usr/lib/apache2/modules';

/** Starts nginx with what belongs into its `http` block; everything that it writes goes into the folder. */
export async function startNginx(folder: string, http: string): Promise<RunningProxy> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  // Its workers write bodies into the folder, which belongs to the user that runs the tests.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const file = path.join(folder, 'nginx.conf');
  await writeFile(
    file,
    `${user} daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events {} http { access_log off; ${temporary.join(' ')} ${http} }`,
  );
  return run(nginx ?? '', ['-c', file, '-e', path.join(folder, 'error.log')], {}, 'inherit');
}

/** Starts Caddy with sites; everything that it writes goes into the folder. */
export async function startCaddy(folder: string, sites: string): Promise<RunningProxy> {
  const file = path.join(folder, 'Caddyfile');
  await writeFile(file, `{\n\tadmin off\n\tauto_https off\n}\n${sites}`);
  const own = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return run(caddy ?? '', ['run', '--config', file, '--adapter', 'caddyfile'], own, 'ignore');
}

/** Starts HAProxy with what is appended to its own sections. */
export async function startHaproxy(folder: string, sections: string): Promise<RunningProxy> {
  const file = path.join(folder, 'haproxy.cfg');
  await writeFile(file, `global\n    maxconn 512\n\n${sections}`);
  return run(haproxy ?? '', ['-db', '-q', '-f', file], {}, 'inherit');
}

/** Starts Apache with sites, with the modules that a comment in them tells `a2enmod` and those that Debian always enables. */
export async function startApache(folder: string, sites: string): Promise<RunningProxy> {
  const file = path.join(folder, 'apache2.conf');
  const enabled = /^# +a2enmod (.+)$/m.exec(sites)?.[1]?.split(' ') ?? [];
  const modules = [...new Set(['mpm_event', 'authz_core', 'socache_shmcb', ...enabled])];
  const ports = new Set([...sites.matchAll(/<VirtualHost (\S+)>/g)].map(([, address]) => `Listen ${address}`));
  const lines = [
    `ServerRoot ${folder}`,
    'ServerName localhost',
    `PidFile ${folder}/apache2.pid`,
    `DefaultRuntimeDir ${folder}`,
    `ErrorLog ${folder}/error.log`,
    ...modules.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`),
    ...ports,
    // Started as root, it must be told another user.
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
  ];
  await writeFile(file, `${lines.join('\n')}\n${sites}`);
  return run(apache ?? '', ['-D', 'FOREGROUND', '-f', file], {}, 'inherit');
}

/** Starts Envoy, a program that the caller has found. */
export async function startEnvoy(program: string, folder: string, config: string): Promise<RunningProxy> {
  const file = path.join(folder, 'envoy.yaml');
  await writeFile(file, config);
  return run(program, ['-c', file, '--disable-hot-restart', '--concurrency', '1', '-l', 'error'], {}, 'inherit');
}

function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  errors: 'inherit' | 'ignore',
): RunningProxy {
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', errors],
    env: { ...process.env, ...environment },
  });
  return {
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Reads a file of `deploy/`, with what it says replaced; what is not in it is a mistake of the test. */
export async function readDeployed(file: string, changes: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(path.join(workspaceRoot, 'deploy', file), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`deploy/${file} does not say ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
