import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countWorkers, loadConfig, readEnvironment, startGateway, type ConfigInput } from '@sallyport/server';
import { silentLogger, type LogFields } from '@sallyport/core';
import { createWorkplace, type Workplace } from './memory-terminal.ts';
import { freePort } from './test-servers.ts';

/** A part of the configuration, also one that it refuses. */
export type ConfigChange = Partial<ConfigInput> | Readonly<Record<string, unknown>>;

/** How a deployment differs from one that is sound. */
export interface SetUpChange {
  readonly config?: ConfigChange;
  /** `undefined` takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Runs in the data folder, which is there. */
  readonly prepare?: (dataDir: string) => void;
}

/** What the doctor and the start say of the same deployment. */
export interface Verdicts {
  readonly doctor: {
    readonly code: number;
    /** The findings of a state, by the names of their checks. */
    readonly bad: ReadonlyMap<string, string>;
    readonly warnings: ReadonlyMap<string, string>;
  };
  readonly start: {
    /** Why it was refused; empty when the gateway served. */
    readonly refusal: string;
    /** The findings that it logged, by the name of their check. */
    readonly warnings: ReadonlyMap<string, string>;
  };
}

const route = { name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'signed-in' };
let written = 0;

/** Makes a deployment that starts, unless it is changed. */
export async function setUp({ config = {}, environment = {}, prepare }: SetUpChange): Promise<Workplace> {
  const place = createWorkplace({ SMTP_URL: 'smtp://127.0.0.1:9' });
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete place.environment[name];
    else place.environment[name] = value;
  }
  await configure(place, config);
  mkdirSync(place.dataDir, { mode: 0o700 });
  prepare?.(place.dataDir);
  return place;
}

/** Gives a deployment another configuration: in a file of its own, since a process reads a module once. */
export async function configure(place: Workplace, change: ConfigChange): Promise<void> {
  const whole = {
    publicUrl: 'http://localhost:3000',
    listen: { host: '127.0.0.1', port: await freePort() },
    mail: { from: 'Acme <no-reply@example.test>' },
    policy: { permissions: {}, roles: { user: [] } },
    routes: [route],
    ...change,
  };
  written += 1;
  const file = `sallyport-${written}.config.ts`;
  writeFileSync(join(place.folder, file), `export default ${JSON.stringify(whole)};\n`);
  place.environment['SALLYPORT_CONFIG'] = file;
}

/** Starts the gateway of a deployment as its process does, and ends it again. Stores are not waited for. */
export async function start(place: Workplace, onWarning: (fields: LogFields) => void = () => {}): Promise<void> {
  const environment = readEnvironment(place.environment);
  const { config, preset } = await loadConfig(environment, place.folder);
  countWorkers(config, environment);
  const logger = { ...silentLogger, warn: (_message: string, fields: LogFields) => onWarning(fields) };
  const gateway = await startGateway({ config, preset, environment, logger, waitMilliseconds: 1000 });
  await gateway.close();
}

/** Asks the doctor, then the start. */
export async function judge(place: Workplace): Promise<Verdicts> {
  const { code, output } = await place.run(['doctor', '--json']);
  const { findings } = JSON.parse(output) as { findings: readonly Finding[] };
  const of = (wanted: string): ReadonlyMap<string, string> => {
    const byCheck = Map.groupBy(
      findings.filter(({ state }) => state === wanted),
      ({ check }) => check,
    );
    return new Map([...byCheck].map(([check, found]) => [check, found.map(toText).join('\n')]));
  };
  const warnings = new Map<string, string>();
  const refusal = await start(place, ({ event, check, finding, hint }) => {
    if (event === 'start-check-warning') warnings.set(String(check), `${String(finding)}. ${String(hint)}`);
  }).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
  );
  return { doctor: { code, bad: of('bad'), warnings: of('warning') }, start: { refusal, warnings } };
}

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly finding: string;
  readonly fix?: string;
}

function toText({ finding, fix = '' }: Finding): string {
  return `${finding}. ${fix}`;
}
