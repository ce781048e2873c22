import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Workbench } from './workbench.ts';

/** What adopters begin with. */
const tools = { next: 'create-next-app@16.4.3', nest12: '@nestjs/cli@12.0.8', nest11: '@nestjs/cli@11.0.13' } as const;

/** Writes a Next.js application and two Nest services as their tools write them, each in a folder of its own. */
export async function writeScaffolds(bench: Workbench, folder: string): Promise<void> {
  const execute = (tool: string, words: readonly string[]) =>
    bench.npm(['exec', '--yes', `--package=${tool}`, '--', ...words], folder);
  await execute(tools.next, ['create-next-app', 'web', '--yes', '--use-npm', '--skip-install', '--disable-git']);
  const options = ['--skip-git', '--skip-install', '--package-manager=npm', '--language=ts'];
  await execute(tools.nest12, ['nest', 'new', 'api', ...options]);
  await execute(tools.nest11, ['nest', 'new', 'legacy', ...options]);
  await useNoFontOfTheNetwork(path.join(folder, 'web/app/layout.tsx'));
  await useCommonJs(path.join(folder, 'legacy/tsconfig.json'));
}

/** The one edit of what create-next-app writes: its fonts come from the network, and a build may have none. */
async function useNoFontOfTheNetwork(layout: string): Promise<void> {
  await replace(
    layout,
    /^import \{ Geist, Geist_Mono \} from "next\/font\/google";$/m,
    'const Geist = (font: { variable: string; subsets: string[] }) => font;\nconst Geist_Mono = Geist;',
  );
}

/** Services that are older than the template of today compile to CommonJS, and resolve modules as Node 10 did. */
async function useCommonJs(tsconfig: string): Promise<void> {
  await replace(tsconfig, /"module": "nodenext"/, '"module": "commonjs"');
  await replace(
    tsconfig,
    /"moduleResolution": "nodenext",\s*"resolvePackageJsonExports": true/,
    '"moduleResolution": "node"',
  );
}

async function replace(file: string, pattern: RegExp, text: string): Promise<void> {
  const before = await readFile(file, 'utf8');
  if (!pattern.test(before))
    throw new Error(`${path.basename(file)} is written in another way than it was: ${pattern}`);
  await writeFile(file, before.replace(pattern, text));
}
