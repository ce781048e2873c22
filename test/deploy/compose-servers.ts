import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { TestServer } from '../../tools/test-servers/test-server.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import type { MountedSecrets } from './mounted-secrets.ts';

/** PostgreSQL, and Redis with the configuration and the users of compose.yaml. Their addresses are put into the secrets. */
export async function startComposeServers(
  folder: string,
  secrets: MountedSecrets,
): Promise<{ readonly postgres: TestServer; readonly redis: TestServer }> {
  const settings = (await readFile(path.join(workspaceRoot, 'deploy/compose/redis.conf'), 'utf8'))
    .replaceAll(/^(?:port|dir) .*$/gm, '')
    .replace('/run/secrets', secrets.folder);
  const file = path.join(folder, 'redis.conf');
  await writeFile(file, settings);
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ redisArguments: ['--include', file] })]);
  if (postgres.kind === 'running')
    secrets.replace('database_url', 'postgres:5432/sallyport', `${new URL(postgres.url).host}/postgres`);
  if (redis.kind === 'running') secrets.replace('redis_url', 'redis:6379', new URL(redis.url).host);
  // No server listens there: a mail server that is away stops no start.
  secrets.replace('smtp_url', 'mailpit:1025', '127.0.0.1:9');
  return { postgres, redis };
}
