import type { Page } from 'playwright-core';
import type { StoredText } from './stored-texts.ts';

/**
 * Everything that scripts of the page's origin can read back: addresses, history, cookies of every path, and the contents
 * of every store that a browser has. Bytes are read as text.
 */
export async function readPageStores(page: Page): Promise<readonly StoredText[]> {
  const visibleCookies = (await page.context().cookies()).filter(({ httpOnly }) => !httpOnly);
  const read = await page.evaluate(readStores);
  return [...read, { place: 'cookies', text: visibleCookies.map(({ name, value }) => `${name}=${value}`).join('; ') }];
}

/** Runs in the page, so that it uses nothing from outside of it. */
async function readStores(): Promise<readonly StoredText[]> {
  const bytesAsText = (bytes: ArrayBuffer): string => new TextDecoder('latin1').decode(bytes);

  /** JSON, in which bytes and collections stand as what they hold. */
  async function textOf(value: unknown): Promise<string> {
    if (value instanceof Blob) return value.text();
    if (value instanceof ArrayBuffer) return bytesAsText(value);
    if (ArrayBuffer.isView(value)) return bytesAsText(new Uint8Array(value.buffer).slice().buffer);
    if (value instanceof Map || value instanceof Set || Array.isArray(value))
      return (await Promise.all([...value].map(textOf))).join('\n');
    if (typeof value !== 'object' || value === null || value instanceof Date) return String(value);
    const members = Object.entries(value).map(async ([name, member]) => `${name}: ${await textOf(member)}`);
    return (await Promise.all(members)).join('\n');
  }

  const whenDone = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('IndexedDB refused'));
    });

  async function textOfDatabase(name: string): Promise<string> {
    const database = await whenDone(indexedDB.open(name));
    try {
      const stores = [...database.objectStoreNames].map(async (store) => {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = [whenDone(objects.getAllKeys()), whenDone(objects.getAll())];
        return [store, await textOf(await keys), await textOf(await values)].join('\n');
      });
      return (await Promise.all(stores)).join('\n');
    } finally {
      database.close();
    }
  }

  async function textOfCache(name: string): Promise<string> {
    const cache = await caches.open(name);
    const kept = (await cache.keys()).map(async (request) => {
      const response = await cache.match(request, { ignoreVary: true });
      const headers = [...request.headers, ...(response?.headers ?? [])].map((header) => header.join(': '));
      return [request.url, ...headers, (await response?.text()) ?? ''].join('\n');
    });
    return (await Promise.all(kept)).join('\n');
  }

  async function textOfFolder(folder: FileSystemDirectoryHandle): Promise<string> {
    const texts: string[] = [];
    for await (const [name, handle] of folder.entries()) {
      texts.push(name);
      texts.push(
        handle instanceof FileSystemFileHandle ? await (await handle.getFile()).text() : await textOfFolder(handle),
      );
    }
    return texts.join('\n');
  }

  const databases = (await indexedDB.databases()).flatMap(({ name }) => name ?? []);
  return [
    { place: 'address', text: location.href },
    { place: 'referrer', text: document.referrer },
    { place: 'name of the window', text: window.name },
    { place: 'history', text: JSON.stringify(history.state) },
    {
      place: 'addresses of resources',
      text: performance
        .getEntries()
        .map(({ name }) => name)
        .join('\n'),
    },
    { place: 'localStorage', text: JSON.stringify({ ...localStorage }) },
    { place: 'sessionStorage', text: JSON.stringify({ ...sessionStorage }) },
    ...(await Promise.all(
      databases.map(async (name) => ({ place: 'IndexedDB', text: [name, await textOfDatabase(name)].join('\n') })),
    )),
    ...(await Promise.all(
      (await caches.keys()).map(async (name) => ({
        place: 'Cache storage',
        text: [name, await textOfCache(name)].join('\n'),
      })),
    )),
    { place: 'private files', text: await textOfFolder(await navigator.storage.getDirectory()) },
  ];
}
