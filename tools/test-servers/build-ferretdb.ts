import { buildGoProgram, builtGoProgram, type GoProgram } from './build-go-program.ts';

const ferretdb: GoProgram = {
  name: 'ferretdb',
  title: 'FerretDB',
  sources: ['go.mod', 'go.sum', 'main.go'],
  // Without the PostgreSQL backend there is less to compile.
  arguments: ['-tags=ferretdb_no_postgresql', '.'],
};

/** Where the program is kept once it is built. */
export function builtFerretdb(variables: Readonly<Record<string, string | undefined>> = process.env): string {
  return builtGoProgram(ferretdb, variables);
}

/** Builds FerretDB, once, which takes minutes. @throws Error with the last line that Go printed. */
export async function buildFerretdb(go: string, file: string, signal: AbortSignal | undefined): Promise<void> {
  await buildGoProgram(ferretdb, go, file, signal);
}
