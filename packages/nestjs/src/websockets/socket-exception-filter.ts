import { errorCatalog, SallyportError } from '@sallyport/core';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { RefusalLog } from '../errors/refusal-log.ts';
import { callerOf } from '../request-caller.ts';
import { requestIdOf } from '../request-id.ts';
import { sharedWeakMap } from '../shared-across-builds.ts';

/** What is asked of a client of `ws` or of socket.io. */
interface SocketClient {
  readonly readyState?: unknown;
  send?(text: string): void;
  emit?(event: string, payload: unknown): void;
}

const logs = sharedWeakMap<object, RefusalLog>('socket-refusal-logs');

/** Notes where refusals of a client's messages are logged. */
export function logRefusalsOf(client: object, log: RefusalLog): void {
  logs.set(client, log);
}

/**
 * Tells a client why its message was refused, in the event `exception`, as Nest tells errors. Without it an error of ours
 * would be one that was not foreseen.
 */
@Catch(SallyportError)
class SocketExceptionFilter implements ExceptionFilter<SallyportError> {
  catch(error: SallyportError, host: ArgumentsHost): void {
    const client = host.getArgByIndex<SocketClient>(0);
    const call = { requestId: requestIdOf(client), status: error.status, caller: callerOf(client) };
    logs.get(client)?.record(error, call);
    const payload = { status: 'error', code: error.code, message: error.detail ?? errorCatalog[error.code].title };
    // A socket of `ws` has `emit` as well, which tells only listeners in this process.
    if (typeof client.readyState === 'number' && client.send !== undefined)
      client.send(JSON.stringify({ event: 'exception', data: payload }));
    else client.emit?.('exception', payload);
  }
}

/** The metadata of `@UseFilters`; the same name in Nest 11 and 12. */
const filtersKey = '__exceptionFilters__';

/** One for all: a class is decorated once, also where a test builds several applications of it. */
const filter = new SocketExceptionFilter();

/**
 * Binds the filter to a gateway, behind those of the application: Nest asks no global filter over WebSockets, and of those
 * of a class it asks the last one first.
 */
export function bindSocketExceptionFilter(gateway: object): void {
  const bound: unknown = Reflect.getMetadata(filtersKey, gateway);
  const others: readonly unknown[] = Array.isArray(bound) ? bound : [];
  if (!others.includes(filter)) Reflect.defineMetadata(filtersKey, [filter, ...others], gateway);
}
