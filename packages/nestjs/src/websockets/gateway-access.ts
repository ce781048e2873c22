import { SallyportError, type Caller } from '@sallyport/core';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { accessOf, type Access } from '../access/resolve-access.ts';
import { admit } from '../guard/admit.ts';

/** A class with `@WebSocketGateway`, and what it asks of a connection. */
export interface SocketGateway {
  readonly type: { readonly name: string };
  readonly port: number;
  /** With a slash before it and none behind; `undefined` where none is named. */
  readonly path: string | undefined;
  /** Of socket.io; `/` where none is named. */
  readonly namespace: string | RegExp;
  readonly access: Access;
}

/** Any caller that is known: what a connection must bring where nothing else is said. */
export const anyKnownCaller: Access = {
  kind: 'guarded',
  requirements: [],
  stepUps: [],
  isForServices: false,
  policies: [],
  accepts: undefined,
  mutualTls: undefined,
};

/** The metadata by which Nest recognises a gateway; the same names in Nest 11 and 12. */
const marks = {
  gateway: 'websockets:is_gateway',
  options: 'websockets:gateway_options',
  port: 'port',
  handler: 'websockets:message_mapping',
} as const;

/** Finds the WebSocket gateways of the application. */
export function listSocketGateways(discovery: DiscoveryService, scanner: MetadataScanner): readonly SocketGateway[] {
  const classes = new Set(discovery.getProviders().map(({ metatype }): unknown => metatype));
  return [...classes].filter(isGateway).map((gateway) => {
    const { path, namespace } = optionsOf(gateway);
    const port: unknown = Reflect.getMetadata(marks.port, gateway);
    return {
      type: gateway,
      port: typeof port === 'number' ? port : 0,
      path: typeof path === 'string' ? normalizePath(path) : undefined,
      namespace: namespace instanceof RegExp ? namespace : toNamespace(namespace),
      access: accessOfConnection(gateway, scanner),
    };
  });
}

/**
 * What a connection must bring. The class decides. Where it declares nothing, a caller who is not known may connect only if
 * one of its handlers is open to strangers.
 */
function accessOfConnection(gateway: GatewayClass, scanner: MetadataScanner): Access {
  const declared = accessOf(gateway, gateway);
  if (declared.kind !== 'undeclared') return declared;
  const accesses = scanner.getAllMethodNames(gateway.prototype).flatMap((name): readonly Access[] => {
    const handler: unknown = Reflect.get(gateway.prototype, name);
    const isHandler = typeof handler === 'function' && Reflect.hasMetadata(marks.handler, handler);
    return isHandler ? [accessOf(handler, gateway)] : [];
  });
  return accesses.find(takesStrangers) ?? anyKnownCaller;
}

/** Whether a caller may connect who presents nothing. */
export function takesStrangers({ kind }: Access): boolean {
  return kind === 'public' || kind === 'optional' || kind === 'elsewhere';
}

/**
 * Refuses a connection that one of the gateways behind it may not have: each of them is told of every connection.
 *
 * @throws `SP_UNAUTHENTICATED`, `SP_FORBIDDEN`, `SP_STEP_UP_REQUIRED`, or `SP_ACCESS_UNDECLARED`.
 */
export function requireConnectionAccess(caller: Caller, accesses: readonly Access[]): void {
  for (const access of accesses) {
    if (access.kind === 'elsewhere') continue;
    if (access.kind === 'undeclared' || access.kind === 'contradictory')
      throw new SallyportError('SP_ACCESS_UNDECLARED', { reason: access.kind });
    admit(caller, access);
  }
}

/** The path of a gateway, however many slashes it was given. */
export function normalizePath(path = ''): string {
  return `/${path.replace(/^\/+|\/+$/g, '')}`;
}

interface GatewayClass {
  readonly name: string;
  readonly prototype: object;
}

function isGateway(value: unknown): value is GatewayClass {
  return typeof value === 'function' && Reflect.getMetadata(marks.gateway, value) === true;
}

function optionsOf(gateway: GatewayClass): { readonly path?: unknown; readonly namespace?: unknown } {
  const options: unknown = Reflect.getMetadata(marks.options, gateway);
  return typeof options === 'object' && options !== null ? options : {};
}

function toNamespace(name: unknown): string {
  const text = typeof name === 'string' ? name : '';
  return text.startsWith('/') ? text : `/${text}`;
}
