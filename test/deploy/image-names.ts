import { topology, type UpstreamName } from '../../demo/topology.ts';
import { lastOf, readStages } from './dockerfile.ts';

export type ImageName = 'gateway' | UpstreamName;

const stages = await readStages();
const withCommand = stages.filter((stage) => lastOf([stage], 'CMD') !== undefined).map(({ name }) => name);

/** Zones and services of the demo that are deployed: those that the Dockerfile makes an image of. */
export const deployedUpstreams: readonly UpstreamName[] = topology
  .map(({ name }) => name)
  .filter((name) => withCommand.includes(name));

/** The images of the Dockerfile. */
export const imageNames: readonly ImageName[] = ['gateway', ...deployedUpstreams];
