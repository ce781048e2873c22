import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Fixture } from './fixture/fixture.ts';

const clientCount = 4;
const rounds = 40;

/** Reads four downloads of a gigabyte a little at a time, and says how much more memory the gateway ever had than before. */
export async function readSlowly({ address, pid }: Fixture): Promise<number> {
  const before = await memoryOf(pid);
  const { hostname, port } = new URL(address.gateway);
  const clients = Array.from({ length: clientCount }, () => connect(Number(port), hostname));
  try {
    for (const client of clients) {
      client.on('error', () => {});
      client.write('GET /public/x?sp_bytes=1000000000 HTTP/1.1\r\nHost: app.test\r\n\r\n');
    }
    let most = before;
    for (let round = 0; round < rounds; round++) {
      // Little by little, so that everything that would be read ahead has its chance.
      for (const client of clients) await readSome(client);
      most = Math.max(most, await memoryOf(pid));
    }
    return most - before;
  } finally {
    for (const client of clients) client.destroy();
  }
}

/** Reads one piece and stops again. */
function readSome(client: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('close', () => reject(new Error('the download was cut')));
    client.once('data', () => {
      client.pause();
      client.removeAllListeners('close');
      resolve();
    });
    client.resume();
  });
}

async function memoryOf(pid: number): Promise<number> {
  const [, kibibytes = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
