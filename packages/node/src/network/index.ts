export { type ServerOptions, serverDefaults } from './options.ts'
export { replyError } from './reply.ts'
export type { Route, RouteReply, RouteRequest } from './route.ts'
export { type Mount, openServer, type ServerHooks, type ServerSocket } from './server.ts'
