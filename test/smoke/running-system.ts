import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import type { Workbench } from './workbench.ts';

/** The gateway and the applications, as the script of `sallyport init` runs them. */
export interface RunningSystem {
  readonly url: string;
  readonly mailbox: string;
  /** Where each application listens itself, by its name. */
  readonly direct: ReadonlyMap<string, string>;
  /** Ends it as Ctrl-C does. Resolves to the addresses that are still open then. */
  interrupt(): Promise<readonly string[]>;
  lastLines(): string;
}

/** Ports that `sallyport init` writes; other systems of this machine may have them. */
interface Ports {
  readonly url: string;
  readonly mailbox: string;
  readonly direct: ReadonlyMap<string, string>;
}

const mailboxPort = 3025;

/** Moves what was written to ports that are free on this machine. Nothing else of it is changed. */
export async function takeFreePorts(folder: string): Promise<Ports> {
  const [config, development] = [path.join(folder, 'sallyport.config.ts'), path.join(folder, 'sallyport.dev.json')];
  const texts = { config: await readFile(config, 'utf8'), development: await readFile(development, 'utf8') };
  const written = new Set([...`${texts.config}${texts.development}`.matchAll(/\b3\d{3}\b/g)].map(([port]) => port));
  const free = await findFreePorts(written.size + 1);
  const moved = new Map([...written].map((port, index) => [port, String(free[index])]));
  const move = (text: string): string => text.replaceAll(/\b3\d{3}\b/g, (port) => moved.get(port) ?? port);
  const ownMailbox = free.at(-1) ?? mailboxPort;
  await writeFile(config, move(texts.config).replace('  policy:', `  mailbox: { port: ${ownMailbox} },\n  policy:`));
  await writeFile(development, move(texts.development));
  const { applications } = JSON.parse(move(texts.development)) as {
    readonly applications: readonly { readonly name: string; readonly environment: { readonly PORT: string } }[];
  };
  return {
    url: /publicUrl: '([^']+)'/.exec(move(texts.config))?.[1] ?? '',
    mailbox: `http://127.0.0.1:${ownMailbox}`,
    direct: new Map(applications.map(({ name, environment }) => [name, `http://127.0.0.1:${environment.PORT}`])),
  };
}

/** Runs `npm run dev:all`, and waits until every application answers. */
export async function startSystem(bench: Workbench, folder: string): Promise<RunningSystem> {
  const ports = await takeFreePorts(folder);
  const child = bench.start('dev:all', folder);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-20_000);
    });
  const ended = once(child, 'exit');
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // A terminal sends it to all that it runs.
    process.kill(-child.pid, name);
  };
  const lastLines = (): string => text.split('\n').slice(-60).join('\n');
  const addresses = [ports.url, ports.mailbox, ...ports.direct.values()];
  const system: RunningSystem = {
    ...ports,
    lastLines,
    async interrupt() {
      signal('SIGINT');
      const patience = setTimeout(() => signal('SIGKILL'), 30_000);
      await ended;
      clearTimeout(patience);
      const open = await Promise.all(addresses.map(isOpen));
      return addresses.filter((_, index) => open[index]);
    },
  };
  try {
    await untilAnswered(addresses, () => child.exitCode === null);
  } catch (error) {
    await system.interrupt();
    throw new Error(`${error instanceof Error ? error.message : 'it failed'}\n${lastLines()}`, { cause: error });
  }
  return system;
}

async function untilAnswered(addresses: readonly string[], isRunning: () => boolean): Promise<void> {
  const deadline = Date.now() + 300_000;
  for (const address of addresses)
    while (
      !(await fetch(address, { redirect: 'manual' }).then(
        ({ status }) => status < 500,
        () => false,
      ))
    ) {
      if (!isRunning()) throw new Error('the script has ended by itself');
      if (Date.now() > deadline) throw new Error(`nothing answers at ${address}`);
      await wait(500);
    }
}

async function isOpen(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
