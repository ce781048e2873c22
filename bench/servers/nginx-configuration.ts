import { spawnSync } from 'node:child_process';
import { getuid } from 'node:process';

/** Why nginx cannot take part; `undefined` when it can. */
export function problemOfNginx(): string | undefined {
  if (process.platform !== 'linux') return 'what nginx uses is read as Linux tells it';
  const { error, stderr } = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  if (error !== undefined) return 'nginx is not installed';
  return stderr.includes('--with-http_auth_request_module') ? undefined : 'this nginx has no auth_request';
}

export interface NginxPlaces {
  readonly folder: string;
  readonly port: number;
  readonly upstreamPort: number;
  readonly authSocket: string;
}

/**
 * One worker, since all is per core; connections to both upstreams stay open; no access log. The service is asked over a
 * Unix socket, which costs less than loopback, and is sent no body.
 */
export function nginxConfiguration({ folder, port, upstreamPort, authSocket }: NginxPlaces): string {
  return `
${getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream shop { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  upstream auth { server unix:${authSocket}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    server_name localhost;
    location /api/shop/ {
      auth_request /_auth;
      auth_request_set $token $upstream_http_authorization;
      auth_request_set $user_id $upstream_http_x_user_id;
      proxy_pass http://shop/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header Cookie "";
      proxy_set_header Authorization $token;
      proxy_set_header X-User-Id $user_id;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
    location = /_auth {
      internal;
      proxy_pass http://auth/verify;
      proxy_http_version 1.1;
      proxy_pass_request_body off;
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header Host $host;
      proxy_set_header Cookie $http_cookie;
    }
  }
}
`;
}
