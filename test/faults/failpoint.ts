import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/*
 * Preloaded into a gateway: it ends like one that is killed, right before or right after a durable write. Which one says
 * the file FAILPOINT_FILE while it is there, as `before family-rotated`. What goes to a server is seen on its socket, what
 * goes to the embedded database at its statements.
 */

interface Failpoint {
  readonly when: string;
  readonly form: RegExp;
}

const file = process.env['FAILPOINT_FILE'] ?? '';

/** What each write looks like, whatever takes it. */
const writes = new Map([
  ['family-begun', /insert into "sallyportTokenFamily"/i],
  ['family-rotated', /update "sallyportTokenFamily"/i],
  ['session-made', /insert into "sallyportSession"|:t:[\w-]{43}/i],
  ['session-ended', /update "sallyportSession"|insert into "sallyportEndedSession"/i],
  ['artifact-kept', /insert into "sallyportOAuthArtifact"/i],
  ['artifact-used', /update "sallyportOAuthArtifact"/i],
  ['transaction-committed', /^commit\b|\0commit\b|commit\0/i],
  ['event-written', /insert into "sallyportEvent"/i],
]);

function armedFor(text: string): Failpoint | undefined {
  if (!existsSync(file)) return undefined;
  const [when = '', name = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const form = writes.get(name);
  return form?.test(text) === true ? { when, form } : undefined;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

type Method = (this: unknown, ...parameters: unknown[]) => unknown;

/** Puts a method in the place of another one, which it may call. */
function wrap(target: object, name: string, make: (original: Method) => Method): void {
  Object.assign(target, { [name]: make(Reflect.get(target, name) as Method) }); // A method of Node has this shape.
}

function textOf(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk;
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : '';
}

wrap(
  Socket.prototype,
  'write',
  (write): Method =>
    function (chunk, ...rest) {
      const point = armedFor(textOf(chunk));
      if (point?.when === 'before') die();
      // What the server answers says that it is done.
      if (point !== undefined && this instanceof Socket) this.prependOnceListener('data', die);
      return write.call(this, chunk, ...rest);
    },
);

wrap(
  DatabaseSync.prototype,
  'prepare',
  (prepare): Method =>
    function (sql) {
      const statement = prepare.call(this, sql) as StatementSync;
      for (const name of ['run', 'all', 'get'])
        wrap(statement, name, (execute): Method => (...parameters) => {
          const point = armedFor(String(sql));
          if (point?.when === 'before') die();
          const result = execute.apply(statement, parameters);
          if (point !== undefined) die();
          return result;
        });
      return statement;
    },
);
