export { siteRoutes } from './routes.ts'
export { Site, type SiteOptions } from './site.ts'
