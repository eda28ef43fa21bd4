import { expect, test } from 'vitest'
import type { ComputeThread } from '../pool/compute-thread.ts'
import { type HostedProcess, hostProcess } from './hosted-process.ts'
import { LiveSet } from './live-set.ts'

let number = 0

function joined(live: LiveSet, bytes: number): HostedProcess {
  const process = hostProcess(`p${number}`, number++)
  process.footprint = { stateBytes: bytes, memoryBytes: bytes }
  live.join(process)
  // Only whether there is one is asked here.
  process.thread = {} as ComputeThread
  return process
}

test('the least recently used idle process leaves first', () => {
  const live = new LiveSet({ processesMax: 10, bytesMax: 1000 })
  const [first, second, third] = [joined(live, 100), joined(live, 100), joined(live, 100)]
  live.touch(first)
  expect(live.victim(false)).toBe(second)
  second.evaluating = true
  expect(live.victim(false)).toBe(third)
  live.leaving(third)
  expect(live.victim(false)).toBe(first)
  live.leave(third)
  expect(live.bytes).toBe(200)
  expect(live.leave(third)).toBe(false)
})

test('room is made before it is needed, and what is on its way out counts as gone', () => {
  const live = new LiveSet({ processesMax: 100, bytesMax: 800 })
  const processes = Array.from({ length: 7 }, () => joined(live, 100))
  expect(live.isCrowded).toBe(false)
  const last = joined(live, 50)
  expect([live.isCrowded, live.isFull]).toEqual([true, false])
  live.leaving(processes[0] ?? last)
  expect(live.isCrowded).toBe(false)
  last.footprint = { stateBytes: 0, memoryBytes: 300 }
  live.measure(last)
  expect([live.isCrowded, live.isFull, live.bytes]).toEqual([true, true, 1000])
})

test('a process beyond the whole budget is let in alone', () => {
  const live = new LiveSet({ processesMax: 100, bytesMax: 10 })
  expect(live.isFull).toBe(false)
  joined(live, 100)
  expect([live.isFull, live.isCrowded]).toEqual([true, false])
})

test('where all are busy, one that had its time leaves for those who wait', () => {
  const live = new LiveSet({ processesMax: 2, bytesMax: 1000 })
  const [greedy, fresh] = [joined(live, 1), joined(live, 1)]
  for (const process of [greedy, fresh]) process.evaluating = true
  expect(live.victim(true)).toBeUndefined()
  for (let i = 0; i < 8; i++) live.touch(greedy)
  expect(live.victim(false)).toBeUndefined()
  expect(live.victim(true)).toBe(greedy)
})
