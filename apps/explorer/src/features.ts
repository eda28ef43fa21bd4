import { useEffect, useState } from 'preact/hooks'
import { fetchRoutes } from './api/node.ts'

/** Parts that not every node has, and how the routes begin that it has then. */
const marks = {
  availability: 'GET /da/status',
  models: 'GET /v1/models',
  provenance: 'GET /provenance/',
} as const

export type Feature = keyof typeof marks

let found: Promise<ReadonlySet<string>> | undefined

/** Which of them this node has. */
export function useFeatures(): ReadonlySet<Feature> {
  const routes = useRoutes()
  const names = Object.keys(marks) as Feature[]
  return new Set(names.filter((name) => hasRoute(routes, marks[name])))
}

/** Whether this node has a part; undefined while that is not known. */
export function useFeature(name: Feature): boolean | undefined {
  return useRoute(marks[name])
}

/** Whether this node has a route that begins so; undefined while that is not known. */
export function useRoute(beginning: string): boolean | undefined {
  const routes = useRoutes()
  return routes.size === 0 ? undefined : hasRoute(routes, beginning)
}

/** Routes of this node; empty until they are known. */
function useRoutes(): ReadonlySet<string> {
  const [routes, setRoutes] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => {
    found ??= fetchRoutes().then((all) => new Set(all))
    found.then(setRoutes, () => {
      found = undefined
    })
  }, [])
  return routes
}

function hasRoute(routes: ReadonlySet<string>, beginning: string): boolean {
  return [...routes].some((route) => route.startsWith(beginning))
}
