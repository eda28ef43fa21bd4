export { type ServerOptions, serverDefaults } from './options.ts'
export { replyError } from './reply.ts'
export type { Route, RouteReply, RouteRequest } from './route.ts'
export { type Mount, type Server, type ServerHooks, startServer } from './server.ts'
