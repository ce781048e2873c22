import { readFile } from 'node:fs/promises';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { ExportTarget, Manifest } from './public-packages.ts';

/** How the types of an entry point without a CommonJS build cannot be found, and need not be. */
const commonJsResolutions: ReadonlySet<string> = new Set(['node10', 'node16-cjs']);

/**
 * Lists what publint and attw (Are the types wrong?) have against a tarball. An entry point without a `require`
 * condition is for ES modules alone, and is judged as one.
 */
export async function judgeTarball(file: string): Promise<readonly string[]> {
  const data = await readFile(file);
  const tarball = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  const lint = messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
  return [...lint, ...(await judgeTypes(tarball, pkg as Manifest))];
}

async function judgeTypes(tarball: ArrayBuffer, { exports = {} }: Manifest): Promise<readonly string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)), {
    excludeEntrypoints: ['./package.json'],
  });
  if (analysis.types === false) return ['attw: the package has no types'];
  return analysis.problems
    .filter((problem) => !isAboutCommonJs(problem) || hasCommonJs(exports[subpathOf(problem)]))
    .map((problem) => `attw: ${JSON.stringify(problem)}`);
}

function isAboutCommonJs(problem: Problem): boolean {
  return 'resolutionKind' in problem && commonJsResolutions.has(problem.resolutionKind);
}

function subpathOf(problem: Problem): string {
  return 'entrypoint' in problem ? problem.entrypoint : '.';
}

function hasCommonJs(target: ExportTarget | undefined): boolean {
  return typeof target === 'object' && 'require' in target;
}
