import { encodeText } from '@heddle/protocol/base'
import { createRuntime } from '../../runtime/index.ts'
import type { FakeNode } from './fake-node.ts'

const runtime = createRuntime()

/**
 * What becomes of a call: lost before or after it was done, done twice at once or again later, arriving
 * only after the caller gave up, or refused for now.
 */
type NetFault = 'before' | 'after' | 'twice' | 'late' | 'stray' | 'busy' | undefined

/** Carries calls between fake nodes, as well as `fault` lets it. */
export function fakeFetch(
  nodes: readonly FakeNode[],
  fault: (url: string) => NetFault = () => undefined,
): typeof globalThis.fetch {
  return async (input, init) => {
    const url = new URL(String(input))
    const node = nodes.find((one) => one.url === url.origin)
    await runtime.timer.sleep(0)
    const ends = fault(url.href)
    if (node === undefined || ends === 'before') throw new TypeError('connection refused')
    if (ends === 'busy') return Response.json({ error: 'busy' }, { status: 503 })
    const body = typeof init?.body === 'string' ? encodeText(init.body) : init?.body
    const bytes = body instanceof Uint8Array ? body : new Uint8Array(0)
    const answer = () => node.answer(url.pathname + url.search, init?.method ?? 'GET', bytes)
    if (ends === 'stray' || ends === 'late') runtime.timer.after(7, () => void answer())
    if (ends === 'stray') throw new TypeError('connection timed out')
    const first = await answer()
    if (ends === 'twice') return answer()
    if (ends === 'after') throw new TypeError('connection reset')
    return first
  }
}
