import { request as sendRequest, type Agent } from 'node:http';

/** Resolves to the id of a request that was answered, on a connection that stays. */
export function requestIdOf(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(url, { agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(String(response.headers['x-request-id'])));
    });
    request.once('error', reject);
    request.end();
  });
}

/** Asks for events, on a connection of an agent. */
export function openEvents(agent: Agent, url: string): { text(): string; readonly end: Promise<'whole' | 'cut'> } {
  let text = '';
  const end = new Promise<'whole' | 'cut'>((resolve) => {
    const request = sendRequest(url, { agent, headers: { accept: 'text/event-stream' } }, (response) => {
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('end', () => resolve('whole'));
      response.once('error', () => resolve('cut'));
    });
    request.once('error', () => resolve('cut'));
    request.end();
  });
  return { text: () => text, end };
}

/** Resolves to the status of an answer, on a connection of an agent. */
export function askWith(agent: Agent, url: string, cookie: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(url, { agent, headers: { cookie } }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject);
    request.end();
  });
}
