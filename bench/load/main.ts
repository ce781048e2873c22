import { reportReady } from '../child-side.ts';
import { generateLoad, type LoadPlan } from './load-generator.ts';

reportReady({}, (plan) => generateLoad(plan as LoadPlan));
