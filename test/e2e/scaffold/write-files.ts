import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes the files of an application below a folder, each by its path; the line break before a text is left out. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text.trimStart());
  }
}

/** The settings of TypeScript that create-next-app writes, with others besides. */
export function nextTsconfig(compilerOptions: object, include: readonly string[] = []): string {
  return JSON.stringify({
    compilerOptions: {
      lib: ['dom', 'dom.iterable', 'esnext'],
      skipLibCheck: true,
      strict: true,
      noEmit: true,
      esModuleInterop: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      isolatedModules: true,
      jsx: 'react-jsx',
      incremental: true,
      plugins: [{ name: 'next' }],
      ...compilerOptions,
    },
    include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', ...include],
    exclude: ['node_modules'],
  });
}
