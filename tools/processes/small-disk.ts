import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system of a few megabytes that a test may fill. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  remove(): void;
}

/** Why no small disk can be made here; `undefined` where one can. */
export const smallDiskAbsent: string | undefined = reasonForNone();

/** Mounts a tmpfs of some megabytes. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-disk-'));
  mount(folder, megabytes);
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill() {
      for (const size of [1 << 20, 1 << 12]) append(ballast, Buffer.alloc(size));
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function append(file: string, bytes: Buffer): void {
  for (;;)
    try {
      writeFileSync(file, bytes, { flag: 'a' });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
}

function mount(folder: string, megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'sallyport-test', folder], {
    stdio: 'pipe',
  });
}

function reasonForNone(): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-disk-'));
  try {
    mount(folder, 1);
    execFileSync('umount', [folder]);
    return undefined;
  } catch {
    return 'a tmpfs cannot be mounted here';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
