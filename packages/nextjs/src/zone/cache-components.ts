import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const layoutFile = /^layout\.(?:tsx|ts|jsx|js|mjs)$/;
const comment = /\/\*[^]*?\*\/|\/\/.*/g;
const isPerRequest = /^\s*export\s+const\s+instant\b[^=]*=\s*false\b/m;

/**
 * Says what stands between an application with `cacheComponents` and pages whose scripts run.
 *
 * Cache Components renders the part of a page ahead that waits for nothing, and there is no nonce yet at that time. Only a
 * root layout with `instant = false` may wait outside of every boundary, so that nothing is rendered ahead.
 *
 * @returns the root layouts that do not say so, relative to `folder`; none where the application has no `app` folder.
 */
export function rootLayoutsRenderedAhead(folder: string): readonly string[] {
  return ['app', join('src', 'app')].flatMap((app) =>
    findRootLayouts(folder, app).filter((file) => {
      const source = readFileSync(join(folder, file), 'utf8').replaceAll(comment, '');
      return !isPerRequest.test(source);
    }),
  );
}

/** Each group of routes may have a root layout of its own, where the folder above has none. */
function findRootLayouts(folder: string, relative: string): readonly string[] {
  const entries = readEntries(join(folder, relative));
  const layout = entries.find((entry) => entry.isFile() && layoutFile.test(entry.name));
  if (layout !== undefined) return [join(relative, layout.name)];
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => findRootLayouts(folder, join(relative, entry.name)));
}

function readEntries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
