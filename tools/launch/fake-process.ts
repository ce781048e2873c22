/*
 * Stands in for a process of the system in the launcher's own tests: answers every path with 200, and does what
 * FAKE_BEHAVIOUR says.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const behaviour = process.env['FAKE_BEHAVIOUR'];
const server = createServer((request, response) => {
  if (request.url === '/crash') process.exit(7);
  response.end(JSON.stringify({ pid: process.pid, environment: process.env }));
});

if (behaviour === 'crash-at-start') {
  console.error('Error: the fake cannot start');
  process.exit(3);
}
if (behaviour === 'ignore-sigterm') process.on('SIGTERM', () => {});
if (behaviour === 'grandchild') {
  const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  console.log(`grandchild ${grandchild.pid}`);
}
if (behaviour === 'never-ready') setInterval(() => {}, 1000);
else
  server.listen(Number(process.env['PORT']), '127.0.0.1', () => console.log('{"level":"info","message":"listening"}'));
