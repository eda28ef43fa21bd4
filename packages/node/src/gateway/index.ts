export { createGateway, createMainnetRoutes, type Gateway, type GatewayDeps } from './gateway.ts'
export { type GatewayOptions, gatewayDefaults } from './options.ts'
export type {
  BaseBlock,
  BaseLayer,
  CopyPlacer,
  DataStore,
  ItemsDeps,
  MainnetCompute,
  MainnetDeps,
  MainnetScheduler,
  ProcessLogs,
  PromisedItem,
  SchedulePage,
  Verify,
} from './ports.ts'
export { createVerifier, type Verifier } from './verify/index.ts'
