import { portableCrypto } from '@heddle/protocol/crypto'
import { type Item, parseItem } from '@heddle/protocol/item'
import type { Fetch } from './transport.ts'

export type SeenRequest = {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly body: Uint8Array
}

/** A node's answer: an object is its JSON with status 200. */
export type FakeAnswer = Response | Record<string, unknown>

/** A `fetch` that answers as told and remembers what it was asked. */
export function createFakeNode(answerTo: (request: SeenRequest) => FakeAnswer) {
  const requests: SeenRequest[] = []
  const fetch = (async (url: string, init: RequestInit = {}) => {
    init.signal?.throwIfAborted()
    const { pathname, search } = new URL(url)
    const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer())
    const request = { method: init.method ?? 'GET', path: pathname + search, body }
    requests.push(request)
    const answer = answerTo(request)
    return answer instanceof Response ? answer : Response.json(answer)
  }) as Fetch
  /** Items posted to a path, parsed. */
  const items = (path: string): Item[] =>
    requests
      .filter((request) => request.method === 'POST' && request.path === path)
      .map(({ body }) => parseItem(body, portableCrypto))
  return { fetch, requests, items }
}

/** Answers as a healthy node does, unless `answerTo` knows better. */
export function healthyNode(
  answerTo: (request: SeenRequest) => FakeAnswer | undefined = () => undefined,
) {
  return createFakeNode((request) => {
    const own = answerTo(request)
    if (own !== undefined) return own
    const { path } = request
    if (path === '/healthz') return nodeStatus
    if (path === '/mu/') return Response.json({ message: 'Processing DataItem' }, { status: 202 })
    if (path.startsWith('/cu/result/')) {
      return Response.json(emptyResult, { headers: { 'x-heddle-slot': '7' } })
    }
    return Response.json({ error: `no route ${path}`, code: 'route-unknown' }, { status: 404 })
  })
}

export const nodeStatus = {
  status: 'ok',
  version: '0.1.0',
  roles: ['gateway', 'scheduler', 'compute', 'messenger'],
  address: 'nodeAddress',
  modules: { js: 'jsModule' },
  processes: 0,
  height: 1,
}

export const emptyResult = { Messages: [], Spawns: [], Assignments: [], Output: '', GasUsed: 0 }
