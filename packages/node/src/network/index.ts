export type { Answered, Mount, ServerHooks } from './app.ts'
export { noBytes } from './body.ts'
export {
  type BulkCaller,
  type BulkClient,
  type BulkHandler,
  type BulkOptions,
  type BulkPeer,
  type BulkReply,
  type BulkServer,
  bulkDefaults,
  createBudget,
  type LaneIdentity,
  openBulkClient,
  openBulkServer,
} from './bulk/index.ts'
export { type ServerOptions, serverDefaults } from './options.ts'
export { replyError } from './reply.ts'
export type { Route, RouteReply, RouteRequest } from './route.ts'
export { openServer, type ServerSocket } from './server.ts'
