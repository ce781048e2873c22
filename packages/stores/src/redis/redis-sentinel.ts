import { loadRedisDriver } from '../drivers.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { RedisFault } from './redis-fault.ts';
import { toList } from './redis-reply.ts';
import type { RedisNode } from './redis-url.ts';
import { within } from './time-limit.ts';

/**
 * Asks the Sentinels where the server is, one after another until one knows it.
 *
 * The driver's own Sentinel client is not used: it waits without a bound for a server that does not come, and keeps a
 * connection to one that hangs.
 *
 * @throws RedisFault `NO_MASTER` when none knows.
 */
export async function findMaster(settings: ConnectionSettings): Promise<RedisNode> {
  const { nodes } = settings.address;
  const first = Math.floor(Math.random() * nodes.length);
  for (const node of [...nodes.slice(first), ...nodes.slice(0, first)]) {
    const master = await ask(settings, node).catch(() => undefined);
    if (master !== undefined) return master;
  }
  throw new RedisFault('NO_MASTER');
}

async function ask(settings: ConnectionSettings, { host, port }: RedisNode): Promise<RedisNode | undefined> {
  const { address, ca, connectTimeoutMilliseconds, commandTimeoutMilliseconds } = settings;
  const { masterName = '', sentinelUsername, sentinelPassword } = address;
  const tls = address.isTls ? { tls: true as const, ...(ca === undefined ? {} : { ca }) } : {};
  const sentinel = loadRedisDriver().createClient({
    socket: { host, port, connectTimeout: connectTimeoutMilliseconds, reconnectStrategy: false, ...tls },
    ...(sentinelUsername === undefined ? {} : { username: sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    RESP: 2,
  });
  sentinel.on('error', () => {});
  try {
    await within(connectTimeoutMilliseconds, sentinel.connect());
    const query = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName];
    return toNode(await within(commandTimeoutMilliseconds, sentinel.sendCommand(query)));
  } finally {
    sentinel.destroy();
  }
}

function toNode(reply: unknown): RedisNode | undefined {
  const [host, port] = toList(reply);
  return typeof host === 'string' && typeof port === 'string' ? { host, port: Number(port) } : undefined;
}
