import { expect, test } from 'vitest'
import { MomentLog } from './moments.ts'
import { explorerLimits } from './options.ts'
import { Sampler } from './sampler.ts'

const facts = { processes: 1, height: 2, memoryBytes: 3, diskUsedBytes: 4, diskFreeBytes: 5 }

test('a sample counts by the second and begins anew', () => {
  const sampler = new Sampler(7, 1000)
  for (let slot = 0; slot < 10; slot++) sampler.scheduled()
  for (const latencyMs of [1, 2, 3, 100]) sampler.evaluated(latencyMs)
  sampler.evaluated(undefined)
  expect(sampler.take({ ...facts, atMs: 3000 })).toEqual({
    ...facts,
    atMs: 3000,
    scheduledPerSecond: 5,
    evaluatedPerSecond: 2.5,
    backlogSlots: 12,
    latencyMedianMs: 2,
    latencyHighMs: 3,
  })
  expect(sampler.take({ ...facts, atMs: 4000 })).toMatchObject({
    scheduledPerSecond: 0,
    backlogSlots: 12,
    latencyMedianMs: null,
  })
})

test('only the newest samples are kept', () => {
  const sampler = new Sampler(0, 0)
  for (let atMs = 1; atMs <= explorerLimits.samplesMax + 10; atMs++) {
    sampler.take({ ...facts, atMs })
  }
  expect(sampler.samples).toHaveLength(explorerLimits.samplesMax)
  expect(sampler.samples[0]?.atMs).toBe(11)
})

test('moments of a slot give its latency, and the oldest are forgotten', () => {
  const moments = new MomentLog(2)
  moments.scheduled('p', 0, 100)
  expect(moments.evaluated('p', 0, 130)).toBe(30)
  expect(moments.of('p', 0)).toEqual({ scheduledMs: 100, evaluatedMs: 130 })
  expect(moments.evaluated('p', 1, 140)).toBeUndefined()
  moments.scheduled('p', 2, 150)
  expect(moments.of('p', 0)).toEqual({})
  expect(moments.of('p', 2)).toEqual({ scheduledMs: 150 })
})
