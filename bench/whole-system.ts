import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPackages } from '../tools/build/build-system.ts';
import { startSystem, type RunningSystem, type SystemOptions } from '../tools/launch/system.ts';
import { startPostgres } from '../tools/test-servers/postgres.ts';
import { startRedis } from '../tools/test-servers/redis.ts';
import type { RunningServer, TestServer } from '../tools/test-servers/test-server.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';

/** Runs on a PostgreSQL and a Redis of its own. */
export async function withServers<Result>(
  work: (stores: { readonly databaseUrl: string; readonly redisUrl: string }) => Promise<Result>,
): Promise<Result> {
  const servers = await Promise.all([startPostgres(), startRedis()]);
  try {
    const [postgres, redis] = [requireServer(servers[0]), requireServer(servers[1])];
    return await work({ databaseUrl: postgres.url, redisUrl: redis.url });
  } finally {
    for (const server of servers) if (server.kind === 'running') await server.stop();
  }
}

/** Runs on two built gateways that share both, and on whatever else is asked for. */
export async function withSystem<Result>(
  options: Pick<SystemOptions, 'only' | 'environment'>,
  work: (system: RunningSystem) => Promise<Result>,
): Promise<Result> {
  await buildPackages(workspaceRoot);
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-bench-'));
  try {
    return await withServers(async (stores) => {
      const system = await startSystem({
        dataDir: path.join(folder, 'data'),
        ...options,
        stores,
        gateways: 2,
      });
      try {
        return await work(system);
      } finally {
        await system.stop();
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function requireServer(server: TestServer): RunningServer {
  if (server.kind === 'absent') throw new Error(server.reason);
  return server;
}
