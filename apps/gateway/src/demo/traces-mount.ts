import type { DoorTraces, Mount } from '@sallyport/gateway';

/** Serves the last requests of the caller's own session, for the page "Behind the door". Claims, never a token. */
export function createTracesMount(traces: DoorTraces): Mount {
  return {
    name: 'behind-the-door',
    prefix: '/behind-the-door/requests',
    access: 'signed-in',
    slide: false,
    handle(request, response, { caller }) {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET, HEAD', 'cache-control': 'no-store' }).end();
        return;
      }
      const sid = caller.kind === 'anonymous' ? undefined : caller.sid;
      const requests = sid === undefined ? [] : traces.list(sid);
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify({ requests }));
    },
  };
}
