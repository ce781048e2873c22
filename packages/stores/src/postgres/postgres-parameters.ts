/** Parameters of a connection that mean something here. */
export const understoodParameters: ReadonlySet<string> = new Set([
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'ssl',
  'sslaccept',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'channel_binding',
  'target_session_attrs',
  'application_name',
  'options',
  'schema',
  'connect_timeout',
  'connection_limit',
  'pgbouncer',
]);

/**
 * Parameters that consoles, guides and other drivers add, and that take nothing away when they are left out: how another
 * driver pools, prepares and negotiates. None of them makes a connection safer than it is here.
 */
export const ignoredParameters: ReadonlySet<string> = new Set([
  // libpq
  'client_encoding',
  'fallback_application_name',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'krbsrvname',
  'load_balance_hosts',
  'sslcompression',
  'sslnegotiation',
  'sslsni',
  'tcp_user_timeout',
  // Prisma
  'max_connection_lifetime',
  'max_idle_connection_lifetime',
  'pool_timeout',
  'single_use_connections',
  'socket_timeout',
  'statement_cache_size',
  // node-postgres, postgres.js, JDBC, SQLx, SQLAlchemy
  'binary_parameters',
  'idle_timeout',
  'max_lifetime',
  'pool_max_conns',
  'pool_size',
  'preferQueryMode',
  'prepare',
  'prepareThreshold',
  'prepared_statement_cache_size',
  'prepared_statements',
  'statement-cache-capacity',
  'uselibpqcompat',
  // Supabase and Vercel
  'pool_mode',
  'supa',
  'workaround',
]);
