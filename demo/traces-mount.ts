import type { GatewayTraces, Mount } from '@sallyport/gateway';

const mountName = 'behind-the-door';

/** Keeps out what would push everything else out: the page's own questions every two seconds, and prefetches of links. */
export function withoutNoise(traces: GatewayTraces): GatewayTraces {
  return {
    list: (sid) => traces.list(sid),
    record: (sid, trace) => {
      if (trace.route !== mountName && !trace.isPrefetch) traces.record(sid, trace);
    },
  };
}

/** Serves the last requests of the caller's own session, for the page "Behind the door". Claims, never a token. */
export function createTracesMount(traces: GatewayTraces): Mount {
  return {
    name: mountName,
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
