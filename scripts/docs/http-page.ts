import { daRoutes } from '@heddle/node/da'
import type { ServedRoute } from '@heddle/node/main'
import { generatedBy, page, row } from './markdown.ts'
import { routeSummaries } from './route-summaries.ts'
import { bodies, schemas } from './schemas.ts'

type Operation = {
  readonly tags: readonly string[]
  readonly summary: string
  readonly parameters: readonly unknown[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, unknown>>
}

export type OpenApi = {
  readonly openapi: string
  readonly info: Readonly<Record<string, string>>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: typeof schemas }
}

/** Fastify's path as OpenAPI writes it: `/tx/:id(^…$)` is `/tx/{id}`. */
export function templateOf(path: string): string {
  return path
    .replace(/:(\w+)\(([^/]*)\)/g, (_whole, name, pattern) => {
      return `{${name}}${/~process@1/.test(pattern) ? '~process@1.0' : ''}`
    })
    .replace(/:(\w+)/g, '{$1}')
    .replace(/\*$/, '{path}')
}

/** Routes as they are written down, each once; those of the wide lane also where it has no storers. */
export function documentedRoutes(served: readonly ServedRoute[]): ServedRoute[] {
  // A table is made without asking its parts for anything.
  const lane = daRoutes({} as Parameters<typeof daRoutes>[0]).map(({ method, path }) => {
    return { room: 'da', method, path: `/da${path}` }
  })
  const own = served.filter(({ path }) => !path.startsWith('/da/'))
  return [...own, ...lane].map((route) => ({ ...route, path: templateOf(route.path) }))
}

/** What a route does; '' where nobody wrote it down. */
export function summaryOf(method: string, path: string): string {
  const field = /^\/tx\/\{id\}\/(\w+)$/.exec(path)?.[1]
  const told = routeSummaries[`${method} ${path}`] ?? routeSummaries[`GET ${path}`]
  if (told === undefined) return field === undefined ? '' : `Field ${field} of a transaction`
  return method === 'HEAD' ? `Headers of: ${told}` : told
}

/** OpenAPI 3.1 of a node's routes. */
export function openApi(served: readonly ServedRoute[]): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const { room, method, path } of documentedRoutes(served)) {
    paths[path] ??= {}
    paths[path][method.toLowerCase()] ??= operation(room, method, path)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Heddle node', version: '1', description: 'Every route that a node serves' },
    paths,
    components: { schemas },
  }
}

function operation(room: string, method: string, path: string): Operation {
  const { answer, takes } = bodies[`${method} ${path}`] ?? {}
  const parameters = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  const good = answer === undefined ? {} : { content: json(answer) }
  return {
    tags: [room],
    summary: summaryOf(method, path),
    parameters,
    ...(takes === undefined ? {} : { requestBody: { required: true, content: input(takes) } }),
    responses: {
      '2XX': { description: 'Done', ...good },
      default: { description: 'Refused', content: json('Error') },
    },
  }
}

function json(name: string) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } }
}

function input(name: string) {
  if (name !== 'item') return json(name)
  return { 'application/octet-stream': { schema: { type: 'string', description: 'ANS-104 item' } } }
}

/** The routes for people, by room. */
export function httpPage({ paths }: OpenApi): string {
  const byRoom = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(paths)) {
    const entries = Object.entries(operations)
    const summaries = new Map<string, { room: string; methods: string[] }>()
    for (const [method, { tags, summary }] of entries) {
      if (method === 'head') continue
      const line = summaries.get(summary) ?? { room: tags[0] ?? '', methods: [] }
      line.methods.push(method.toUpperCase())
      summaries.set(summary, line)
    }
    for (const [summary, { room, methods }] of summaries) {
      const lines = byRoom.get(room) ?? []
      lines.push(row(methods.join(', '), `\`${path}\``, summary))
      byRoom.set(room, lines)
    }
  }
  const sections = [...byRoom].flatMap(([room, lines]) => [
    '',
    `## ${room}`,
    '',
    row('method', 'path', 'does'),
    row('---', '---', '---'),
    ...lines,
  ])
  return page('HTTP', [
    generatedBy("a node's own route tables"),
    'The same as [OpenAPI](/openapi.json){target="_self"}, with schemas of the main bodies. Every answer has an `x-request-id`: yours, if you sent',
    'one. All routes answer any origin (CORS). Where GET is listed, HEAD is served for content and pages. Refusals:',
    '[Errors](/reference/errors).',
    ...sections,
  ])
}
