import { expect, it } from 'vitest'
import { createFairQueue } from './fair-queue.ts'

const limits = { runningMax: 1, waitingMax: 4, waitingPerCaller: 3 }

it('lets callers take turns, however many questions one has', async () => {
  const queue = createFairQueue(limits)
  const order: string[] = []
  const enter = (caller: string, name: string) =>
    queue.enter(caller).then((leave) => {
      order.push(name)
      return leave
    })
  const leave = await enter('a', 'a1')
  const all = [enter('a', 'a2'), enter('a', 'a3'), enter('b', 'b1')]
  expect(queue.waiting).toBe(3)
  leave()
  leave()
  for (const each of [all[0], all[2], all[1]]) (await each)?.()
  expect(order).toEqual(['a1', 'a2', 'b1', 'a3'])
  expect([queue.running, queue.waiting]).toEqual([0, 0])
})

it('refuses beyond its limits, forgets who leaves, and ends', async () => {
  const queue = createFairQueue(limits)
  const leave = await queue.enter('a')
  const gone = new AbortController()
  const mine = [queue.enter('a', gone.signal), queue.enter('a'), queue.enter('a')]
  for (const each of mine) each.catch(() => undefined)
  await expect(queue.enter('a')).rejects.toMatchObject({ code: 'inference-busy' })
  const other = queue.enter('b')
  await expect(queue.enter('c')).rejects.toThrow('4 answers wait already (all)')
  gone.abort(new Error('left'))
  await expect(mine[0]).rejects.toThrow('left')
  expect(queue.waiting).toBe(3)
  leave()
  ;(await mine[1])?.()
  ;(await other)()
  const last = await mine[2]
  const late = queue.enter('d')
  queue.close()
  await expect(late).rejects.toMatchObject({ code: 'inference-closed' })
  last?.()
  await expect(queue.enter('e')).rejects.toMatchObject({ code: 'inference-closed' })
})
