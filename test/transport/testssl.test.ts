import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '@sallyport/gateway/test-support';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { findProgram } from './find-program.ts';

const testssl = findProgram('testssl.sh', 'testssl');
const scanMilliseconds = 400_000;

/** On a busy machine the tool may give up on a connection of its own, and then has looked at nothing. */
const mostScans = 3;

/** Protocols, cipher suites, forward secrecy, certificate, preferences, headers, and every vulnerability that it knows. */
const checks = ['-p', '-s', '-f', '-S', '-P', '-h', '-U'];

/** What says nothing about the gateway, and why. */
const excluded: Readonly<Record<string, string>> = {
  cert_revocation: 'the test authority publishes no revocation list; a public one names its own in every certificate',
};

/** One from each check: a scan that left something out is no proof. */
const expectedFindings = ['TLS1_3', 'cipherlist_AVERAGE', 'PFS', 'cert_trust', 'cipher_order', 'HSTS_time', 'ROBOT'];

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

let folder: string;
let gateway: TestGateway;

describe.skipIf(testssl === undefined)('testssl.sh (skipped where it is not installed)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'testssl-'));
    gateway = await startTestGateway();
  });

  afterAll(async () => {
    await gateway.close();
    await rm(folder, { recursive: true });
  });

  it(
    'finds nothing above "low"',
    async () => {
      const authority = await createTestAuthority(folder);
      const tls = { cert: await readFile(authority.certFile, 'utf8'), key: await readFile(authority.keyFile, 'utf8') };
      const { port } = await gateway.gateway.listen({ host: '127.0.0.1', port: 0, tls });
      const findings = await scanUntilConnected(`https://app.test:${port}/public/x`, authority.caFile);
      expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(expectedFindings));
      const grave = findings.filter(
        ({ id, severity }) => !/^(?:OK|INFO|LOW)$/.test(severity) && !Object.hasOwn(excluded, id),
      );
      expect(grave).toEqual([]);
    },
    mostScans * scanMilliseconds,
  );
});

/** Scans again while the tool says that it could not connect; what it found when it could is judged all the same. */
async function scanUntilConnected(url: string, caFile: string): Promise<readonly Finding[]> {
  for (let count = 1; ; count++) {
    const findings = await scan(url, caFile);
    const isWhole = findings.every(({ severity, finding }) => severity !== 'WARN' || !/connect problem/i.test(finding));
    if (isWhole || count === mostScans) return findings;
  }
}

async function scan(url: string, caFile: string): Promise<readonly Finding[]> {
  const report = `${caFile}.json`;
  // It writes into no file that is there already.
  await rm(report, { force: true });
  const options = ['--warnings', 'off', '--color', '0', '--quiet', '--nodns', 'none', '--ip', '127.0.0.1'];
  const child = spawn(testssl ?? '', [...options, '--add-ca', caFile, '--jsonfile', report, ...checks, url], {
    cwd: path.dirname(caFile),
    // Where OpenSSL has no GOST engine (a package that Debian only recommends), the tool warns about itself: engine_problem.
    // The ciphers of that engine are tried over sockets all the same.
    env: { ...process.env, NO_ENGINE: 'true' },
    stdio: 'ignore',
  });
  await once(child, 'close');
  return JSON.parse(await readFile(report, 'utf8')) as readonly Finding[];
}
