/*
 * Preloaded into every process of the system: when the launcher is gone (even by kill -9), its channel closes and the
 * process ends as if it had received SIGTERM.
 */
const hardLimitMilliseconds = 1000;

// What the process itself starts inherits this preload, but has a channel for other purposes.
if (process.channel != null && process.ppid === Number(process.env['LAUNCHER_PID'])) {
  process.once('disconnect', () => {
    if (process.listenerCount('SIGTERM') === 0) process.exit(0);
    setTimeout(() => process.exit(1), hardLimitMilliseconds).unref();
    process.emit('SIGTERM', 'SIGTERM');
  });
  // The channel is for noticing an end; it must not keep a finished process alive.
  process.channel.unref();
}
