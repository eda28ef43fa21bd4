import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { messengerDefaults } from './options.ts'
import { Outbound } from './outbound.ts'
import { Peers } from './peers.ts'

const processId = 'P'.repeat(43)

/** Schedulers by URL: the status each answers to whatever it is asked; absent is down. */
function peersOf(configured: string[], announced: string[], statuses: Record<string, number>) {
  const fetch = async (input: unknown) => {
    const base = String(input).replace(`/processes/${processId}`, '')
    const status = statuses[base]
    if (status === undefined) throw new Error('connection refused')
    return Response.json({ process_id: processId }, { status })
  }
  const outbound = new Outbound(
    fetch as typeof globalThis.fetch,
    createRuntime(),
    messengerDefaults,
  )
  return new Peers(configured, outbound, async () => announced, createRuntime().clock)
}

describe('hostOf', () => {
  it('finds a process at a scheduler that was only announced', async () => {
    const statuses = { 'http://a/su': 404, 'http://b/su': 200 }
    const peers = peersOf(['http://a'], ['http://b/su'], statuses)
    expect(await peers.hostOf(processId)).toBe('http://b/su')
  })

  it('waits for a configured peer that is silent, unless another one knows', async () => {
    const down = peersOf(['http://a'], ['http://b/su'], { 'http://b/su': 404 })
    await expect(down.hostOf(processId)).rejects.toMatchObject({ code: 'peers-silent' })
    const known = peersOf(['http://a'], ['http://b/su'], { 'http://b/su': 200 })
    expect(await known.hostOf(processId)).toBe('http://b/su')
  })

  it('takes the silence of an announced scheduler for nothing', async () => {
    const peers = peersOf(['http://a'], ['http://b/su'], { 'http://a/su': 404 })
    expect(await peers.hostOf(processId)).toBeUndefined()
  })
})
