import { checkPort } from './free-ports.ts';

const defaultPort = 3000;

/** A start that cannot go on; the message says what to do about it. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** Reads a port from the text of an option, or of the variable `PORT`. */
export function parsePort(text: string | undefined, name = 'PORT'): number {
  if (text === undefined || text === '') return defaultPort;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new StartRefused(`${name} must be a whole number from 1 to 65535. Choose one: ${chooseAnother(defaultPort)}`);
}

/**
 * Refuses a port that cannot be opened, and says how to choose another.
 */
export async function requireFreePort(port: number): Promise<void> {
  const answer = await checkPort(port);
  if (answer === 'free') return;
  const reason =
    answer === 'in-use' ? `Port ${port} is in use by another program.` : `Port ${port} needs administrator rights.`;
  throw new StartRefused(`${reason} Choose another: ${chooseAnother(port < 1024 ? 3000 : port + 100)}`);
}

function chooseAnother(port: number): string {
  const other = port > 65_535 ? 3100 : port;
  return `npm start -- --port ${other}`;
}
