import type { Route, RouteRequest } from '../network/index.ts'
import { Site, type SiteOptions } from './site.ts'

/** Routes of a site of many pages, to be mounted under the path that it was built for. */
export function siteRoutes(options: SiteOptions): Route[] {
  const site = new Site(options)
  const page = (request: RouteRequest) => site.page(request)
  const file = (request: RouteRequest) => site.file(request.params['*'] ?? '', request)
  return (['GET', 'HEAD'] as const).flatMap((method) => [
    { method, path: '/', handle: page },
    { method, path: '/*', handle: file },
  ])
}
