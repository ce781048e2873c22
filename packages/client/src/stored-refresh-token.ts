import { ownError } from './client-error.ts';
import type { TokenStorage } from './storage/token-storage.ts';

/** The refresh token in its storage. Everything rejects with `SP_CLIENT_STORAGE_FAILED` when the storage does. */
export interface StoredRefreshToken {
  read(): Promise<string | undefined>;
  /**
   * @param instead what was read before. When the write fails, the token is remembered here, so that the sign-in goes on
   *   until this page or process ends: the one in the storage is used up.
   */
  write(token: string, instead: string | undefined): Promise<void>;
  remove(): Promise<void>;
  /** One after the other in this client, and one at a time among all that share the storage. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Builds it on the storage of the application. */
export function createStoredRefreshToken(storage: TokenStorage): StoredRefreshToken {
  let unsaved: { readonly instead: string | undefined; readonly token: string } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  return {
    async read() {
      const token = (await guard(() => storage.read())) ?? undefined;
      return unsaved !== undefined && unsaved.instead === token ? unsaved.token : token;
    },
    async write(token, instead) {
      // What is in the storage stays there when the write fails: the first token of a row of failures.
      unsaved = { instead: unsaved?.token === instead ? unsaved?.instead : instead, token };
      await guard(() => storage.write(token));
      unsaved = undefined;
    },
    async remove() {
      unsaved = undefined;
      await guard(() => storage.remove());
    },
    exclusively(work) {
      const run = () => (storage.exclusively === undefined ? work() : storage.exclusively(work));
      const turn = queue.then(run, run);
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}

async function guard<Result>(work: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw ownError('SP_CLIENT_STORAGE_FAILED', undefined, { cause });
  }
}
