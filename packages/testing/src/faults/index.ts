export { startChaosProxy, type ChaosBehaviour, type ChaosProxy, type ChaosProxyOptions } from './chaos-proxy.ts';
