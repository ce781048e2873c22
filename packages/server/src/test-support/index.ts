export {
  createGatewayFolder,
  testSecret,
  type GatewayFolder,
  type GatewayFolderOptions,
  type GatewayProcess,
} from './gateway-process.ts';
