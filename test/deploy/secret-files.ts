import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** Every secret that the gateway takes from a file, by the variable that names it, and where it reads it to. */
const fieldOf: Readonly<Record<string, string>> = {
  SALLYPORT_SECRET_FILE: 'secret',
  DATABASE_URL_FILE: 'databaseUrl',
  REDIS_URL_FILE: 'redisUrl',
  SMTP_URL_FILE: 'smtpUrl',
};

/** Puts files in place of those that a container mounts, so that a misspelt `…_FILE`, which no process reads, is noticed. */
export function writeSecretFiles(names: readonly string[]): {
  readonly variables: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>>;
} {
  const folder = mkdtempSync(path.join(tmpdir(), 'secret-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = names.filter((name) => name.endsWith('_FILE'));
  for (const file of files) writeFileSync(path.join(folder, file), `content of ${file}`, { mode: 0o440 });
  return {
    variables: Object.fromEntries(files.map((file) => [file, path.join(folder, file)])),
    expected: Object.fromEntries(files.map((file) => [fieldOf[file] ?? `unknown: ${file}`, `content of ${file}`])),
  };
}
