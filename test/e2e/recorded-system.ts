import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { agreementTo, readFrames, startWebSocketUpstream, writeFrame } from '@sallyport/gateway/test-support';
import { topology, upstreamVariables, type UpstreamName } from '../../demo/topology.ts';
import { demoProcesses, type ProcessDefinition } from '../../tools/launch/demo-processes.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { openRecorder, type Recorder } from './recorder.ts';
import { sharedSystem } from './shared-system.ts';

/** A system with a recorder on each side of the gateway. */
export interface RecordedSystem {
  readonly system: OwnSystem;
  /** Between the browser and the gateway. */
  readonly outside: Recorder;
  /** Between the gateway and each service or zone. */
  readonly inside: Readonly<Record<UpstreamName, Recorder>>;
  dispose(): Promise<void>;
}

/** Starts a system whose every request and answer is recorded, before the gateway and behind it. */
export async function startRecordedSystem(): Promise<RecordedSystem> {
  const outside = await openRecorder(sharedSystem.authority);
  const recorders = await Promise.all(topology.map(async ({ name }) => [name, await openRecorder()] as const));
  const inside = Object.fromEntries(recorders) as RecordedSystem['inside']; // One for every name.
  const [port = 0] = await findFreePorts(1);
  outside.forwardTo(port);
  // No service of the demo speaks WebSocket.
  const sockets = await startWebSocketUpstream();
  sockets.answer = sayItAgain;
  inside.shop.forwardUpgradesTo(Number(new URL(sockets.origin).port));

  const system = await startOwnSystem({
    port,
    publicUrl: `https://localhost:${outside.port}`,
    definitions: demoProcesses(workspaceRoot, sharedSystem.combination.gateways).map((definition) =>
      definition.name === 'gateway' || definition.name === 'gateway-2'
        ? throughRecorders(definition, inside)
        : definition,
    ),
  });
  return {
    system,
    outside,
    inside,
    async dispose() {
      await system.dispose();
      await Promise.all([outside, ...Object.values(inside), sockets].map((opened) => opened.close()));
    },
  };
}

function throughRecorders(gateway: ProcessDefinition, inside: RecordedSystem['inside']): ProcessDefinition {
  return {
    ...gateway,
    environment: (addresses) => {
      for (const { name } of topology) inside[name].forwardTo(addresses.ports[name]);
      return {
        ...gateway.environment(addresses),
        ...upstreamVariables((name) => `http://127.0.0.1:${inside[name].port}`),
      };
    },
  };
}

/** Sends each message back as a server has to: without the mask of the client. */
function sayItAgain(request: IncomingMessage, socket: Duplex): void {
  socket.write(agreementTo(request));
  socket.on('data', (chunk: Buffer) => {
    for (const { opcode, payload } of readFrames(chunk)) socket.write(writeFrame(payload, { opcode }));
  });
}
