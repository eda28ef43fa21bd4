import { type Mount, noBytes, type RouteReply, replyError } from '@heddle/node/network'
import { encodeText } from '@heddle/protocol/base'
import type { Call, Reply } from './network.ts'

type Entry = {
  readonly method: string
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly prefix: string
  handle: Mount['routes'][number]['handle']
}

/** Answers calls with rooms' own routes, as the server does; JSON in and out, no streams. */
export function routerOf(mounts: readonly Mount[]): (call: Call) => Promise<Reply> {
  const entries = mounts.flatMap(({ prefix, routes }) =>
    routes.map((route): Entry => {
      const names: string[] = []
      const path = route.path.replace(/:(\w+)/g, (_all, name: string) => {
        names.push(name)
        return '([^/]+)'
      })
      const pattern = new RegExp(`^${prefix}${path}$`)
      return { method: route.method, pattern, names, prefix, handle: route.handle }
    }),
  )
  return async (call) => replyOf(await answer(entries, call))
}

async function answer(entries: readonly Entry[], call: Call): Promise<RouteReply> {
  const [path = '/', query = ''] = call.url.split('?')
  for (const { method, pattern, names, prefix, handle } of entries) {
    const match = method === call.method ? pattern.exec(path) : null
    if (match === null) continue
    try {
      return await handle({
        params: Object.fromEntries(names.map((name, at) => [name, match[at + 1] ?? ''])),
        query: new URLSearchParams(query),
        headers: {},
        body: call.body,
        stream: noBytes(),
        url: call.url.slice(prefix.length),
        method,
        peer: '127.0.0.1',
        signal: new AbortController().signal,
      })
    } catch (error) {
      return replyError(error)
    }
  }
  return { status: 404, body: { error: `no route ${call.method} ${path}`, code: 'route-unknown' } }
}

function replyOf({ status, body }: RouteReply): Reply {
  return {
    status,
    body: encodeText(typeof body === 'string' ? body : JSON.stringify(body ?? null)),
  }
}
