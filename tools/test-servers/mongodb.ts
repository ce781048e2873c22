import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { buildFerretdb, builtFerretdb } from './build-ferretdb.ts';
import { findProgram } from './find-program.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, givenServer, ownServer, type TestServer } from './test-server.ts';

const probeMilliseconds = 1000;
const electionMilliseconds = 20_000;
const replicaSet = 'sallyport';

type Variables = Readonly<Record<string, string | undefined>>;

/** How tests come to a MongoDB, the best first. */
export type MongoSource =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'mongod'; readonly program: string }
  | { readonly kind: 'ferretdb'; readonly program: string }
  | { readonly kind: 'built-ferretdb'; readonly program: string }
  | { readonly kind: 'ferretdb-to-build'; readonly go: string; readonly program: string }
  | { readonly kind: 'none'; readonly reason: string };

/** `MONGODB_URL`; `mongod` or `ferretdb` on the search path; FerretDB that was built or, where Go is present, can be. */
export function findMongoSource(variables: Variables = process.env): MongoSource {
  const url = variables['MONGODB_URL'];
  if (url !== undefined && url !== '') return { kind: 'given', url };
  const mongod = findProgram('mongod', [], variables);
  if (mongod !== undefined) return { kind: 'mongod', program: mongod };
  const ferretdb = findProgram('ferretdb', [], variables);
  if (ferretdb !== undefined) return { kind: 'ferretdb', program: ferretdb };
  const built = builtFerretdb(variables);
  if (existsSync(built)) return { kind: 'built-ferretdb', program: built };
  const go = findProgram('go', ['/usr/local/go/bin'], variables);
  if (go !== undefined) return { kind: 'ferretdb-to-build', go, program: built };
  return { kind: 'none', reason: 'no MONGODB_URL, and neither mongod, ferretdb nor go (to build FerretDB) was found' };
}

/**
 * Starts a MongoDB, or what stands in for it, on 127.0.0.1. FerretDB is built first where that is necessary, which takes
 * minutes.
 */
export async function startMongo(source: MongoSource = findMongoSource(), signal?: AbortSignal): Promise<TestServer> {
  switch (source.kind) {
    case 'given':
      return givenServer(source.url);
    case 'mongod':
      return startMongod(source.program);
    case 'ferretdb':
      return startFerretdb(source.program, (folder) => [
        '--handler=sqlite',
        `--state-dir=${folder}`,
        '--debug-addr=-',
        '--telemetry=disable',
        '--log-level=warn',
      ]);
    case 'built-ferretdb':
      return startFerretdb(source.program);
    case 'ferretdb-to-build':
      await buildFerretdb(source.go, source.program, signal);
      return startFerretdb(source.program);
    case 'none':
      return absentServer(source.reason);
  }
}

/** A replica set of one: only such a server has transactions. */
async function startMongod(program: string): Promise<TestServer> {
  const server = await startServerProcess({
    name: 'mongod',
    program,
    programArguments: (port, folder) => [
      `--dbpath=${folder}`,
      '--bind_ip=127.0.0.1',
      `--port=${port}`,
      `--replSet=${replicaSet}`,
      '--nounixsocket',
    ],
    isReady: answersPing,
  });
  const host = `127.0.0.1:${server.port}`;
  try {
    await initiateReplicaSet(host);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return ownServer(`mongodb://${host}/?replicaSet=${replicaSet}`, server);
}

/** Nothing waits for the disk, as with our PostgreSQL: only a power cut would show the difference. */
async function startFerretdb(
  program: string,
  moreArguments: (folder: string) => readonly string[] = () => [],
): Promise<TestServer> {
  const server = await startServerProcess({
    name: 'ferretdb',
    program,
    programArguments: (port, folder) => [
      `--listen-addr=127.0.0.1:${port}`,
      `--sqlite-url=file:${folder}/?_pragma=synchronous(off)`,
      ...moreArguments(folder),
    ],
    isReady: answersPing,
  });
  return ownServer(`mongodb://127.0.0.1:${server.port}/`, server);
}

async function initiateReplicaSet(host: string): Promise<void> {
  await withClient(`mongodb://${host}/?directConnection=true`, async (client) => {
    const admin = client.db('admin');
    await admin.command({ replSetInitiate: { _id: replicaSet, members: [{ _id: 0, host }] } });
    const deadline = performance.now() + electionMilliseconds;
    while ((await admin.command({ hello: 1 }))['isWritablePrimary'] !== true) {
      if (performance.now() > deadline) throw new Error('mongod does not become the primary of its replica set');
      await wait(100);
    }
  });
}

async function answersPing(port: number): Promise<boolean> {
  return withClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, async (client) => {
    await client.db('admin').command({ ping: 1 });
    return true;
  }).catch(() => false);
}

async function withClient<Result>(url: string, work: (client: MongoClient) => Promise<Result>): Promise<Result> {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: probeMilliseconds,
    connectTimeoutMS: probeMilliseconds,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
