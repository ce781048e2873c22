import { csrfHeader } from '@sallyport/core';
import { foldHeaderName } from './fold-header-name.ts';
import { isIdentityName } from './identity-names.ts';

/** What becomes of a header of a request. What has a name of its own is read by the gateway. */
export type HeaderRule =
  | 'forward'
  | 'drop'
  | 'host'
  | 'cookie'
  | 'authorization'
  | 'dpop'
  | 'connection'
  | 'content-length'
  | 'transfer-encoding'
  | 'upgrade'
  | 'accept'
  | 'origin'
  | 'sec-fetch-site'
  | 'sec-fetch-mode'
  | 'sec-fetch-dest'
  | 'traceparent'
  | 'tracestate'
  | 'x-forwarded-for'
  | 'x-forwarded-host'
  | 'x-forwarded-proto'
  | 'prefetch'
  | 'purpose'
  | 'router-data'
  | 'csrf'
  | 'client-cert'
  | 'credential';

/** Headers with a meaning of their own at the gateway, by exact lower-case name. */
const handled: Readonly<Record<string, HeaderRule>> = {
  host: 'host',
  cookie: 'cookie',
  authorization: 'authorization',
  dpop: 'dpop',
  connection: 'connection',
  'content-length': 'content-length',
  'transfer-encoding': 'transfer-encoding',
  upgrade: 'upgrade',
  accept: 'accept',
  origin: 'origin',
  'sec-fetch-site': 'sec-fetch-site',
  'sec-fetch-mode': 'sec-fetch-mode',
  'sec-fetch-dest': 'sec-fetch-dest',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  'x-forwarded-for': 'x-forwarded-for',
  'x-forwarded-host': 'x-forwarded-host',
  'x-forwarded-proto': 'x-forwarded-proto',
  'next-router-prefetch': 'prefetch',
  'next-router-segment-prefetch': 'prefetch',
  purpose: 'purpose',
  'sec-purpose': 'purpose',
  'x-purpose': 'purpose',
  'x-moz': 'purpose',
  // Believed of declared proxies alone, where machines are served; it goes to no upstream.
  'client-cert': 'client-cert',
  [csrfHeader]: 'csrf',
  rsc: 'router-data',
  'next-router-state-tree': 'router-data',
  'next-hmr-refresh': 'router-data',
  // By these the server of `next dev` says on its WebSocket which answer it speaks of, and pages wait for that.
  // In production nothing reads them.
  'x-nextjs-request-id': 'forward',
  'x-nextjs-html-request-id': 'forward',
};

/**
 * Names that only the gateway may say to an upstream, folded: a server that turns `-`, `_` and `.` into one another
 * (CGI, WSGI, many frameworks) would take `X_Forwarded_For` for ours.
 */
const reserved: ReadonlySet<string> = new Set(
  [
    // Hop-by-hop (RFC 9110, section 7.6.1) and those that steer proxies.
    ['connection', 'keepalive', 'proxyconnection', 'proxyauthorization', 'proxyauthenticate', 'proxy'],
    ['te', 'trailer', 'transferencoding', 'upgrade', 'http2settings', 'expect', 'contentlength', 'host'],
    // Credentials, and identity in names that do not say so: see `isIdentityName`.
    ['authorization', 'cookie', 'cookie2', 'dpop', 'xemail'],
    ['xaccesstoken', 'xidtoken', 'ivuser', 'ivgroups', 'ivcreds', 'eppn'],
    ['xendpointapiuserinfo', 'xauthid', 'xauthsubject', 'xjwtassertion', 'xjwtpayload', 'xserverlessauthorization'],
    ['xgrafanauser'],
    // Where the request came from and what it asked for.
    ['via', 'cfpseudoipv4', 'xcustomipauthorization', 'xproxyurl', 'xhost', 'xhostoverride'],
    ['xhttphostoverride', 'xbaseurl', 'baseurl', 'xbasepath', 'xbackendurl'],
    ['scriptname', 'xscriptname', 'pathinfo', 'xpathinfo', 'requesturi', 'xrequesturi', 'xbackendhost', 'xrealport'],
    ['xrealhost', 'xclienthost', 'cfvisitor', 'xarrssl', 'fastlyssl', 'fastlyff'],
    ['xrequestid', 'traceparent', 'tracestate', 'frontendhttps', 'xurlscheme', 'xscheme', 'xssl'],
    // What Next.js says to itself.
    ['xmatchedpath', 'nextresume', 'xactionforwarded', 'contentsecuritypolicy', 'contentsecuritypolicyreportonly'],
  ].flat(),
);

const reservedPrefixes = [
  ['xforward', 'forwarded', 'xsallyport', 'sallyport', 'hostsallyport', 'xoriginal', 'xrewrite', 'xenvoy'],
  // What a server with the variables of CGI takes for its own.
  ['httpx', 'httpremote', 'httpforwarded', 'httpclient', 'httpauthorization', 'httpcookie', 'httphost'],
  // Answers of a server to the proxy in front of it; some read them from requests too.
  ['xaccel', 'xsendfile'],
  // What other gateways, load balancers and single sign-on products tell their upstreams of a caller.
  ['remote', 'xremote', 'xproxyremote', 'authuser', 'logonuser', 'impersonate', 'ximpersonate'],
  ['xauthrequest', 'xauthuser', 'xauthemail', 'xauthname', 'xauthgroup', 'xauthrole', 'xauthenticated'],
  ['clientcert', 'xclientcert', 'xclientdn', 'xclientverify', 'xtlsclient', 'xarrclient', 'xappengine', 'xkong'],
  ['xamznoidc', 'xamznmtls', 'xgoogauthenticateduser', 'xgoogiap', 'xmsclientprincipal', 'xmstoken', 'cfaccess'],
  ['tailscaleuser', 'xpomerium', 'xwebauth', 'xauthentik', 'xconsumer', 'xcredential', 'xanonymousconsumer'],
  ['xvouch', 'xssouser', 'smuser', 'oidcclaim', 'oidcaccesstoken', 'oidcidtoken', 'xoidc', 'sslclient', 'xsslclient'],
  ['shib', 'mellon'],
  ['xmiddleware', 'xinvoke', 'xnext', 'xnow', 'xvercel', 'xprerender'],
].flat();

/**
 * What ends in an address of the client, and what says another method, in the words of a dozen products each: the list
 * would never be whole.
 */
const reservedPatterns = [
  /^x?(?:[a-z]{2,8})?(?:client|real|source|src|originating|remote|peer|trusted|true|connecting|user|cluster)(?:connection)?(?:ip|ipv6|addr|address)$/,
  /(?:method|verb)override|override(?:method|verb)/,
  /^x?(?:http|rest|real|request|tunneled|override)?(?:method|verb)(?:name)?$|^xhttpoverride$/,
] as const;

/** Finds the rule for a header by its name, in any spelling. */
export function ruleOfHeader(name: string): HeaderRule {
  const lowered = name.toLowerCase();
  if (Object.hasOwn(handled, lowered)) return handled[lowered] ?? 'drop';
  const folded = foldHeaderName(name);
  if (folded === '' || reserved.has(folded)) return 'drop';
  if (reservedPrefixes.some((prefix) => folded.startsWith(prefix))) return 'drop';
  if (isIdentityName(lowered)) return 'drop';
  return reservedPatterns.some((pattern) => pattern.test(folded)) ? 'drop' : 'forward';
}
