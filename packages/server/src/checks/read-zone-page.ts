/** A page of a Next.js application, as far as its scripts can be judged from outside. */
export interface ZonePage {
  /** Path of a script that it loads; absent where they come from another host. */
  readonly script: string | undefined;
  /** Whether its policy has a nonce that one of its scripts needs and has not. */
  readonly hasScriptWithoutNonce: boolean;
}

/** No page is longer: what goes on is not read. */
const maxCharacters = 2_000_000;

/**
 * Asks a server for a page as a stranger, and where that gives none for one that does not exist: Next.js has a page for that,
 * too, with the scripts of the application.
 *
 * @returns `no-zone` for what is no Next.js application, `no-answer` when there was none in time.
 */
export async function readZonePage(
  target: string,
  prefix: string,
  patienceMilliseconds: number,
): Promise<ZonePage | 'no-zone' | 'no-answer'> {
  const missing = `${prefix === '/' ? '' : prefix}/sallyport-doctor`;
  try {
    for (const path of [prefix, missing]) {
      const page = await readPage(`${target}${path}`, patienceMilliseconds);
      if (page !== undefined) return page;
    }
    return 'no-zone';
  } catch {
    return 'no-answer';
  }
}

/** Judges a document by its policy; `undefined` when Next.js did not make it. */
export function toZonePage(html: string, policy: string): ZonePage | undefined {
  const scripts = [...html.matchAll(/<script\b([^>]*)>/g)]
    .map(([, attributes = '']) => attributes)
    // Data, which no policy stops.
    .filter((attributes) => !/\stype="application\/[a-z+]*json"/.test(attributes))
    .map((attributes) => ({ attributes, source: /\ssrc="([^"]*)"/.exec(attributes)?.[1] }));
  const own = scripts.flatMap(({ source }) => (source?.includes('/_next/static/') === true ? [source] : []));
  if (own.length === 0) return undefined;

  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  const isSelfEnough = !policy.includes("'strict-dynamic'");
  return {
    script: own.find((source) => /^\/(?!\/)/.test(source))?.replace(/[?#].*$/s, ''),
    hasScriptWithoutNonce:
      nonce !== undefined &&
      scripts.some(
        ({ attributes, source }) =>
          !attributes.includes(` nonce="${nonce}"`) && !(isSelfEnough && source?.startsWith('/') === true),
      ),
  };
}

async function readPage(url: string, patienceMilliseconds: number): Promise<ZonePage | undefined> {
  const answer = await fetch(url, {
    redirect: 'manual',
    headers: { accept: 'text/html' },
    signal: AbortSignal.timeout(patienceMilliseconds),
  });
  if (answer.body === null || !/^text\/html\b/i.test(answer.headers.get('content-type') ?? '')) {
    await answer.body?.cancel();
    return undefined;
  }
  const { text, fault } = await readText(answer.body);
  const page = toZonePage(text, answer.headers.get('content-security-policy') ?? '');
  // Of a page that streams for longer than doctor waits the head is enough, if it came.
  if (page === undefined && fault !== undefined) throw fault;
  return page;
}

/** What came of a body, and what ended it before its end. */
async function readText(body: ReadableStream<Uint8Array>): Promise<{ readonly text: string; readonly fault?: Error }> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const part of body) {
      text += decoder.decode(part, { stream: true });
      if (text.length > maxCharacters) break;
    }
    return { text };
  } catch (error) {
    return { text, fault: error instanceof Error ? error : new Error('the page broke off') };
  }
}
