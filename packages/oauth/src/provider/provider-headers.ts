import type { ServerResponse } from 'node:http';

/** Sessions of the library are found by ours: its own cookie would only be one more thing to lose. */
export function dropCookie(response: ServerResponse, name: string): void {
  const cookies = [response.getHeader('set-cookie') ?? []].flat().map(String);
  const left = cookies.filter((cookie) => !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`));
  if (left.length === cookies.length) return;
  if (left.length === 0) response.removeHeader('set-cookie');
  else response.setHeader('set-cookie', left);
}

/** Whatever the library would allow scripts of other sites: it is what the gateway allows by now, and nothing else. */
export function keepSharedHeaders(response: ServerResponse): void {
  const shared = new Set(response.getHeaderNames().filter((name) => name.startsWith('access-control-')));
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    const isShared = name.toLowerCase().startsWith('access-control-') && !shared.has(name.toLowerCase());
    return isShared ? response : setHeader(name, value);
  };
}
