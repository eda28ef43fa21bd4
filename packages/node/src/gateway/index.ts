export { createGateway, createMainnetRoutes, type Gateway, type GatewayDeps } from './gateway.ts'
export { type GatewayOptions, gatewayDefaults } from './options.ts'
export type {
  BaseBlock,
  BaseLayer,
  DataStore,
  ItemsDeps,
  MainnetCompute,
  MainnetDeps,
  MainnetScheduler,
  ProcessLogs,
  SchedulePage,
  Verify,
} from './ports.ts'
export { createVerifier, type Verifier } from './verify/index.ts'
