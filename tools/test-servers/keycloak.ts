import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { withFileLock } from '../build/build-lock.ts';
import { cacheFolder } from './cache-folder.ts';
import { findProgram } from './find-program.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

const run = promisify(execFile);
const version = '26.7.3';
/** It compiles itself for its configuration at its first start. */
const readySeconds = 420;

/** The administrator of a Keycloak that a test started. */
export const keycloakAdministrator = { username: 'administrator', password: 'of-the-test-alone' } as const;

/**
 * Starts a Keycloak on 127.0.0.1 with all its data in memory, where there are Java 17 and Maven. Its distribution comes from
 * Maven Central, once: 170 MB.
 */
export async function startKeycloak(signal?: AbortSignal): Promise<TestServer> {
  const [java, maven] = [findProgram('java'), findProgram('mvn')];
  if (java === undefined) return absentServer('no java on the search path (Debian: openjdk-17-jre-headless)');
  const folder = path.join(cacheFolder(), `keycloak-${version}`);
  const program = path.join(folder, 'bin', 'kc.sh');
  if (!existsSync(program)) {
    if (maven === undefined) return absentServer('no mvn on the search path, to get Keycloak with (Debian: maven)');
    await getDistribution(maven, folder, signal);
  }
  const keycloak = await startServerProcess({
    name: 'keycloak',
    program,
    programArguments: (port) => ['start-dev', '--db=dev-mem', '--http-host=127.0.0.1', `--http-port=${port}`],
    environment: {
      KC_BOOTSTRAP_ADMIN_USERNAME: keycloakAdministrator.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: keycloakAdministrator.password,
      JAVA_OPTS_APPEND: '-Xmx768m',
    },
    isReady: answersDiscovery,
    readySeconds,
  });
  return ownServer(`http://127.0.0.1:${keycloak.port}`, keycloak);
}

async function getDistribution(maven: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  await withFileLock(`${folder}.lock`, signal, async () => {
    if (existsSync(folder)) return;
    const unfinished = `${folder}.unfinished-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
      await run(maven, ['-B', '-q', 'dependency:unpack', `-Dartifact=${artifact}`, `-DoutputDirectory=${unfinished}`], {
        cwd: unfinished,
        signal,
      });
      renameSync(path.join(unfinished, `keycloak-${version}`), folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

async function answersDiscovery(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5000);
    return (await fetch(`http://127.0.0.1:${port}/realms/master/.well-known/openid-configuration`, { signal })).ok;
  } catch {
    return false;
  }
}
