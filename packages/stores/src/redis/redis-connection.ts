import { exponentialBackoff, withJitter } from '@sallyport/core';
import { loadRedisDriver } from '../drivers.ts';
import { reconnectBackoff, type ConnectionSettings } from './connection-settings.ts';
import { RedisFault } from './redis-fault.ts';
import { findMaster } from './redis-sentinel.ts';
import type { RedisNode } from './redis-url.ts';
import { within } from './time-limit.ts';

/** An open connection for commands. It is used until it is lost, and never opened again. */
export interface CommandConnection {
  /** Sends a command to the server that holds the key. */
  send(key: string, args: readonly string[]): Promise<unknown>;
  destroy(): void;
}

/** An open connection that listens to a channel. */
export interface ChannelConnection {
  /** Resolves when everything that the server had sent before has arrived. */
  ping(): Promise<unknown>;
  destroy(): void;
}

/** Called once when the connection is of no use any more. */
export type OnLost = (cause: unknown) => void;

/**
 * Opens a connection for commands, and resolves when the server has answered one: a server that accepts connections and
 * does nothing else is down.
 */
export async function connectForCommands(
  settings: ConnectionSettings,
  probeKey: string,
  onLost: OnLost,
): Promise<CommandConnection> {
  const connection =
    settings.address.kind === 'cluster'
      ? await openCluster(settings, onLost)
      : toCommandConnection(await openServer(settings, await locate(settings, 0), onLost));
  try {
    await within(settings.commandTimeoutMilliseconds, connection.send(probeKey, ['GET', probeKey]));
    return connection;
  } catch (cause) {
    connection.destroy();
    throw cause;
  }
}

/** Opens a connection that listens to a channel. On a Cluster any node will do, since all pass messages on to all. */
export async function connectToChannel(
  settings: ConnectionSettings,
  channel: string,
  attempt: number,
  onMessage: (message: string) => void,
  onLost: OnLost,
): Promise<ChannelConnection> {
  const client = await openServer(settings, await locate(settings, attempt), onLost);
  try {
    await within(settings.commandTimeoutMilliseconds, client.subscribe(channel, onMessage));
    return {
      ping: () => within(settings.commandTimeoutMilliseconds, client.ping()),
      destroy: () => client.destroy(),
    };
  } catch (cause) {
    client.destroy();
    throw cause;
  }
}

async function locate(settings: ConnectionSettings, attempt: number): Promise<RedisNode> {
  const { nodes } = settings.address;
  if (settings.address.kind === 'sentinel') return findMaster(settings);
  const node = nodes[attempt % nodes.length];
  if (node === undefined) throw new RedisFault('NO_NODE');
  return node;
}

type ServerClient = ReturnType<typeof createServerClient>;

/** Opens a connection to one server. It does not open itself anew: who holds it does, and asks the Sentinels again. */
async function openServer(settings: ConnectionSettings, node: RedisNode, onLost: OnLost): Promise<ServerClient> {
  const { address, clientName, connectTimeoutMilliseconds, commandTimeoutMilliseconds } = settings;
  const client = createServerClient(settings, node);
  // Without a listener an error would end the process.
  client.on('error', onLost);
  client.on('end', () => onLost(new RedisFault('DISCONNECTED')));
  try {
    await within(connectTimeoutMilliseconds + commandTimeoutMilliseconds, client.connect());
    // For the eyes of operators alone: proxies and guarded servers have no CLIENT, and work without.
    void client.sendCommand(['CLIENT', 'SETNAME', clientName]).catch(() => {});
    if (address.kind === 'sentinel') {
      const role: unknown = await within(commandTimeoutMilliseconds, client.sendCommand(['ROLE']));
      // Sentinels may name the server of yesterday for a while.
      if (!Array.isArray(role) || role[0] !== 'master') throw new RedisFault('NOT_MASTER');
    }
    return client;
  } catch (cause) {
    client.destroy();
    throw cause;
  }
}

function createServerClient(settings: ConnectionSettings, { host, port }: RedisNode) {
  const { address, maximumQueued } = settings;
  return loadRedisDriver().createClient({
    ...sharedOptions(settings),
    socket: { ...socketOptions(settings), host, port, reconnectStrategy: false },
    database: address.database,
    commandsQueueMaxLength: maximumQueued,
    commandOptions: { timeout: 0 },
    RESP: 2,
  });
}

function toCommandConnection(client: ServerClient): CommandConnection {
  return {
    send: (_key, args) => client.sendCommand([...args]),
    destroy: () => client.destroy(),
  };
}

async function openCluster(settings: ConnectionSettings, onLost: OnLost): Promise<CommandConnection> {
  const { address, clientName, maximumQueued, connectTimeoutMilliseconds, commandTimeoutMilliseconds } = settings;
  const socket = socketOptions(settings);
  const cluster = loadRedisDriver().createCluster({
    rootNodes: address.nodes.map(({ host, port }) => ({ socket: { ...socket, host, port } })),
    defaults: {
      ...sharedOptions(settings),
      socket: { ...socket, reconnectStrategy: (retries) => withJitter(exponentialBackoff(retries, reconnectBackoff)) },
      name: clientName,
      commandsQueueMaxLength: maximumQueued,
    },
    // Nodes are connected to when they are needed: one that is down does not keep the others from answering.
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: 500,
    maxCommandRedirections: 4,
    commandOptions: { timeout: 0 },
    RESP: 2,
  });
  cluster.on('error', () => {});
  cluster.on('disconnect', () => onLost(new RedisFault('DISCONNECTED')));
  try {
    await within(connectTimeoutMilliseconds + commandTimeoutMilliseconds, cluster.connect());
  } catch (cause) {
    destroyQuietly(cluster);
    throw cause;
  }
  return {
    send: (key, args) => cluster.sendCommand(key, false, [...args]),
    destroy: () => destroyQuietly(cluster),
  };
}

function sharedOptions({ address: { username, password } }: ConnectionSettings) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled' as const,
  };
}

function socketOptions({ address, ca, connectTimeoutMilliseconds }: ConnectionSettings) {
  const connectTimeout = connectTimeoutMilliseconds;
  if (!address.isTls) return { connectTimeout };
  return { connectTimeout, tls: true as const, ...(ca === undefined ? {} : { ca }) };
}

function destroyQuietly(cluster: { destroy(): void }): void {
  try {
    cluster.destroy();
  } catch {
    // It was not open: there is nothing to end.
  }
}
