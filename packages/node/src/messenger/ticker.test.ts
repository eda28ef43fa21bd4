import { tagValue } from '@heddle/protocol/item'
import { afterEach, describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { FakeNode, itemOf, signerOf, tags } from './testing/fake-node.ts'
import { type Run, startMessenger, until } from './testing/run-messenger.ts'

const user = signerOf(200)
const silent = () => ({})
const real = createRuntime()
let run: Run | undefined

afterEach(async () => {
  await run?.close()
  run = undefined
})

/** A runtime whose wall clock stands, but for what a test sets it forward. */
function shifted() {
  const startMs = real.clock.nowMs()
  const shift = { ms: 0 }
  const clock = { nowMs: () => startMs + shift.ms, elapsedMs: real.clock.elapsedMs }
  return { shift, runtime: { clock, timer: real.timer } }
}

const seconds = [
  ...tags({ 'Cron-Interval': '1-second', 'Cron-Tag-Action': 'Tick', 'Cron-Tag-Type': 'Process' }),
]

function ticksOf(node: FakeNode, process: string): number[] {
  const entries = node.logs.get(process) ?? []
  const times = entries.map((entry) => tagValue(entry.message?.tags ?? [], 'Cron-Time'))
  return times.filter((time) => time !== undefined).map(Number)
}

async function order(method: 'POST' | 'DELETE', process: string, signer = user) {
  const item = await itemOf(signer, { target: process })
  return run?.request(method, `/monitor/${process}`, item.bytes)
}

describe('monitor', () => {
  it('takes orders from the owner and the node only, for processes with an interval', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent, seconds)
    const plain = await node.spawn(user, silent)
    const other = await node.spawn(user, silent, seconds)
    run = await startMessenger(node)
    expect(await order('POST', process, signerOf(9))).toMatchObject({ status: 403 })
    expect(await order('DELETE', process, signerOf(9))).toMatchObject({ status: 403 })
    expect(await order('POST', plain)).toMatchObject({
      status: 400,
      body: { code: 'cron-invalid' },
    })
    expect(await order('POST', node.address)).toMatchObject({ status: 404 })
    // An order for one process is none for another.
    const item = await itemOf(user, { target: other })
    const reply = await run.request('POST', `/monitor/${process}`, item.bytes)
    expect(reply).toMatchObject({ status: 400 })
    // Nor is a message the owner sent, which anybody can read.
    const message = await itemOf(user, { target: process, tags: tags({ Type: 'Message' }) })
    const replayed = await run.request('POST', `/monitor/${process}`, message.bytes)
    expect(replayed).toMatchObject({ status: 400, body: { code: 'post-invalid' } })
    expect(await order('POST', process)).toEqual({ status: 200, body: 'Monitoring process' })
    expect(await order('POST', other, node.signer)).toMatchObject({ status: 200 })
    expect(await order('DELETE', process)).toEqual({ status: 200, body: 'Process deleted' })
  })

  it('refuses an interval whose tick could not be written as an item', async () => {
    const node = new FakeNode(1, 'a')
    // The longest tags a process can have: a tick states more about itself than its process did.
    let process: string | undefined
    for (let length = 1000; process === undefined; length--) {
      const interval = { 'Cron-Interval': '10000000-seconds' }
      const long = { 'Cron-Tag-A': 'x'.repeat(3000), 'Cron-Tag-B': 'x'.repeat(length) }
      const spawned = node.spawn(user, silent, tags({ ...interval, ...long }))
      process = await spawned.catch(() => undefined)
    }
    run = await startMessenger(node)
    expect(await order('POST', process)).toMatchObject({
      status: 400,
      body: { code: 'item-tag-area' },
    })
  })
})

describe('ticks', () => {
  it('are signed log entries on the grid, and stop when told', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent, seconds)
    const other = await node.spawn(user, silent, seconds)
    const { shift, runtime } = shifted()
    run = await startMessenger(node, { deps: { runtime } })
    await order('POST', process)
    await order('POST', other)
    shift.ms += 2000
    // A block wakes it sooner than its alarm would.
    node.mine(11)
    await until(() => ticksOf(node, process).length >= 2)
    await order('DELETE', process)
    const ticks = ticksOf(node, process)
    const spawnedMs = node.logs.get(process)?.[0]?.assignment.timestampMs ?? 0
    const origin = Math.floor(spawnedMs / 1000) * 1000
    expect(ticks.every((time) => time > origin && (time - origin) % 1000 === 0)).toBe(true)
    const item = node.logs.get(process)?.[1]?.message
    expect(item?.tags).toEqual(
      tags({
        'Data-Protocol': 'ao',
        Type: 'Message',
        Variant: 'ao.TN.1',
        'Cron-Tick': '1-second',
        'Cron-Time': String(ticks[0]),
        'Delivery-Id': `cron/${process}/1-second/${ticks[0]}`,
        Action: 'Tick',
      }),
    )
    expect(item?.owner).toEqual(node.signer.owner)
    shift.ms += 2000
    node.mine(12)
    await until(() => ticksOf(node, other).length >= 4)
    expect(ticksOf(node, process)).toEqual(ticks)
  })

  it('go on after a crash: each tick once, missed ones made good within the bound', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent, seconds)
    const { shift, runtime } = shifted()
    const options = { cronCatchUpMax: 4 }
    run = await startMessenger(node, { deps: { runtime }, options })
    await order('POST', process)
    shift.ms += 1000
    node.mine(11)
    await until(() => ticksOf(node, process).length === 1)
    const stateFile = run.crash()
    shift.ms += 3000
    run = await startMessenger(node, { stateFile, deps: { runtime }, options })
    await until(() => ticksOf(node, process).length === 4)
    const again = run.crash()
    shift.ms += 60_000
    run = await startMessenger(node, { stateFile: again, deps: { runtime }, options })
    await until(() => (ticksOf(node, process).at(-1) ?? 0) > runtime.clock.nowMs() - 1000)
    await order('DELETE', process)
    const ticks = ticksOf(node, process)
    expect(new Set(ticks).size).toBe(ticks.length)
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b))
    const gaps = ticks.slice(1).map((time, at) => time - (ticks[at] ?? 0))
    // One jump, over the ticks of the minute that were not made good.
    expect(gaps.filter((gap) => gap !== 1000)).toHaveLength(1)
    expect(ticks.length).toBeLessThan(20)
  })

  it('go by a clock that ran ahead and was set back: nothing waits, no point is there twice', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent, seconds)
    const { shift, runtime } = shifted()
    const hourMs = 3_600_000
    const warnings: unknown[] = []
    const quiet = () => {}
    const warn = (fields: unknown) => void warnings.push(fields)
    const log = { info: quiet, warn, error: quiet }
    const deps = { runtime, log }
    let height = 20
    // A block wakes who waits for a time, so that nobody has to.
    const setClock = (ms: number) => {
      shift.ms = ms
      node.mine(height++)
    }
    const before = (ms: number) => () => ticksOf(node, process).some((time) => time < ms)
    shift.ms = hourMs
    run = await startMessenger(node, { deps })
    await order('POST', process)
    setClock(hourMs + 1000)
    await until(() => ticksOf(node, process).length > 0)
    const aheadMs = ticksOf(node, process)[0] ?? 0

    setClock(0)
    await until(() => warnings.length > 0)
    expect(warnings).toEqual([{ processes: 1, aheadMs: expect.any(Number) }])
    setClock(1000)
    await until(before(aheadMs - 3_500_000))

    // The same where it was set back while the node was down; what was missed meanwhile is made good.
    setClock(2 * hourMs)
    await until(() => (ticksOf(node, process).at(-1) ?? 0) >= runtime.clock.nowMs() - 2000)
    const stateFile = run.crash()
    shift.ms = 1000
    const known = ticksOf(node, process).length
    run = await startMessenger(node, { stateFile, deps })
    await until(() => warnings.length > 1)
    setClock(3000)
    await until(() => ticksOf(node, process).length > known)
    await order('DELETE', process)
    expect(ticksOf(node, process).at(-1)).toBeLessThan(aheadMs)
    const ticks = ticksOf(node, process)
    expect(new Set(ticks).size).toBe(ticks.length)
  })

  it('are tried again while the scheduler fails, and not lost', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent, seconds)
    run = await startMessenger(node)
    let failures = 0
    node.fault = (call) => (call === 'schedule' && failures++ < 3 ? 'after' : undefined)
    await order('POST', process)
    await until(() => ticksOf(node, process).length >= 1 && failures > 3)
    await order('DELETE', process)
    const ticks = ticksOf(node, process)
    expect(new Set(ticks).size).toBe(ticks.length)
  })

  it('count in blocks as well', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent, tags({ 'Cron-Interval': '3-blocks' }))
    run = await startMessenger(node)
    await order('POST', process)
    const heights = () =>
      (node.logs.get(process) ?? []).flatMap(
        (entry) => tagValue(entry.message?.tags ?? [], 'Cron-Block') ?? [],
      )
    node.mine(12)
    node.mine(17)
    await until(() => heights().length === 2)
    expect(heights()).toEqual(['13', '16'])
  })
})
