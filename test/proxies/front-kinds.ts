import {
  apache,
  caddy,
  haproxy,
  nginx,
  startApache,
  startCaddy,
  startHaproxy,
  startNginx,
  type RunningProxy,
} from './start-proxy.ts';

/** Ports and files of a proxy in a test. */
export interface FrontPlace {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly gatewayPort: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate and key in one file. */
  readonly bundleFile: string;
}

/** A kind of proxy that stands in front of the gateway, and what its file in `deploy/` must say otherwise in a test. */
export interface FrontKind {
  readonly name: string;
  readonly program: string | undefined;
  readonly file: string;
  changes(at: FrontPlace): Readonly<Record<string, string>>;
  start(folder: string, config: string): Promise<RunningProxy>;
}

const certificate = { cert: '/etc/ssl/sallyport/fullchain.pem', key: '/etc/ssl/sallyport/privkey.pem' };

export const nginxInFront: FrontKind = {
  name: 'nginx',
  program: nginx,
  file: 'nginx/sallyport.conf',
  changes: (at) => ({
    'listen 80;': `listen 127.0.0.1:${at.httpPort};`,
    'listen 443 ssl': `listen 127.0.0.1:${at.httpsPort} ssl`,
    '127.0.0.1:3000': `127.0.0.1:${at.gatewayPort}`,
    'app.example.com': 'app.test',
    [certificate.cert]: at.certFile,
    [certificate.key]: at.keyFile,
  }),
  start: startNginx,
};

/** Each proxy whose configuration ships. */
export const frontKinds: readonly FrontKind[] = [
  nginxInFront,
  {
    name: 'Caddy',
    program: caddy,
    file: 'caddy/sallyport.Caddyfile',
    changes: (at) => ({
      'http://app.example.com {': `http://app.test:${at.httpPort} {\n\tbind 127.0.0.1`,
      '\napp.example.com {': `\nhttps://app.test:${at.httpsPort} {\n\tbind 127.0.0.1\n\ttls ${at.certFile} ${at.keyFile}`,
      'https://app.example.com{uri}': 'https://app.test{uri}',
      '127.0.0.1:3000': `127.0.0.1:${at.gatewayPort}`,
    }),
    start: startCaddy,
  },
  {
    name: 'HAProxy',
    program: haproxy,
    file: 'haproxy/sallyport.cfg',
    changes: (at) => ({
      'bind :80': `bind 127.0.0.1:${at.httpPort}`,
      'bind :443': `bind 127.0.0.1:${at.httpsPort}`,
      '127.0.0.1:3000': `127.0.0.1:${at.gatewayPort}`,
      '/etc/haproxy/certs/app.example.com.pem': at.bundleFile,
      'app.example.com': 'app.test',
    }),
    start: startHaproxy,
  },
  {
    name: 'Apache',
    program: apache,
    file: 'apache/sallyport.conf',
    changes: (at) => ({
      '<VirtualHost *:80>': `<VirtualHost 127.0.0.1:${at.httpPort}>`,
      '<VirtualHost *:443>': `<VirtualHost 127.0.0.1:${at.httpsPort}>`,
      '127.0.0.1:3000': `127.0.0.1:${at.gatewayPort}`,
      'app.example.com': 'app.test',
      [certificate.cert]: at.certFile,
      [certificate.key]: at.keyFile,
    }),
    start: startApache,
  },
];
