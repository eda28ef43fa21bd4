export type { ProvenanceDeps } from './ports.ts'
export { provenanceRoutes } from './routes.ts'
