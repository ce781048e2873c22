import fc from 'fast-check';
import { pathArbitrary, readingsOf } from './path-readings.ts';
import type { Kit } from './runner/kit.ts';
import type { SeenRequest } from './fixture/echo.ts';

/** Paths that are closed to an anonymous caller in at least one reading. */
const closed = /^\/(?:api|admin|events|ws|auth)(?:\/|$)/;
const parallel = 20;

/** What became of paths that a listening process was asked for. */
export interface PathsAsked {
  readonly statuses: ReadonlySet<number>;
  readonly seen: readonly SeenRequest[];
  /** What reached the upstream although no answer shows it, some reading takes it for a closed path, or it names a caller. */
  readonly wrong: readonly string[];
}

/** Asks for so many generated paths, as a stranger. The log of the echo says what came of it. */
export async function askForPaths(kit: Kit, count: number): Promise<PathsAsked> {
  const targets = fc.sample(pathArbitrary, count);
  await kit.reset();
  const answered = new Set<string>();
  const statuses = new Set<number>();
  const askNext = async (): Promise<void> => {
    for (let target = targets.pop(); target !== undefined; target = targets.pop()) {
      const wire = await kit.open();
      wire.send(`GET ${target} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n`);
      const status = (await wire.next())?.status ?? 0;
      wire.destroy();
      statuses.add(status);
      // Spaces in front of the version are no part of the target (RFC 9112, section 3).
      if (status === 200) answered.add(target.replace(/ +$/, ''));
    }
  };
  await Promise.all(Array.from({ length: parallel }, askNext));
  const seen = await kit.seen();
  const wrong = seen.filter(
    (request) =>
      !answered.has(request.target) ||
      kit.context.identityOf(request) !== undefined ||
      readingsOf(request.target).some((path) => closed.test(path)),
  );
  return { statuses, seen, wrong: wrong.map(({ target }) => target) };
}
