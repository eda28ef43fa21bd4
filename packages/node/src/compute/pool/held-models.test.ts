import { expect, it } from 'vitest'
import { HeldModels } from './held-models.ts'

function openModels(bytesMax: number) {
  const used = new Set<string>()
  const unloaded: string[] = []
  const models = new HeldModels<string>(
    bytesMax,
    ({ modelId }) => used.has(modelId),
    ({ thread, modelId }) => unloaded.push(`${modelId} of ${thread}`),
  )
  const load = (modelId: string, bytes: number, heldBytes = bytes) =>
    models.load('t', modelId, bytes, async () => heldBytes)
  return { models, used, unloaded, load }
}

it('unloads what nobody calls, the least recently used first', async () => {
  const { models, used, unloaded, load } = openModels(100)
  await load('a', 40)
  await load('b', 40)
  models.touch('t', 'a')
  await load('c', 30)
  expect(unloaded).toEqual(['b of t'])
  expect(models.bytes).toBe(70)
  used.add('a')
  await load('d', 60)
  expect(unloaded).toEqual(['b of t', 'c of t'])
})

it('refuses a model there is no room for before it is loaded, and says what helps', async () => {
  const { models, used, load } = openModels(100)
  used.add('a')
  await load('a', 60)
  let isLoaded = false
  const refused = models.load('t', 'b', 50, async () => {
    isLoaded = true
    return 50
  })
  await expect(refused).rejects.toMatchObject({
    code: 'model-memory-full',
    kind: 'unavailable',
    message: expect.stringContaining('--compute-memory-mib'),
  })
  expect([isLoaded, models.bytes]).toEqual([false, 60])
  // What is no model takes no room of theirs.
  await load('module', 0)
  models.drop('t')
  await load('b', 50)
  expect(models.bytes).toBe(50)
})

it('counts those that are on their way, and nothing of one that failed', async () => {
  const { models, load } = openModels(100)
  let loaded = (_bytes: number) => {}
  const slow = models.load('t', 'a', 60, () => new Promise((resolve) => (loaded = resolve)))
  await expect(load('b', 50)).rejects.toMatchObject({ code: 'model-memory-full' })
  loaded(80)
  await slow
  expect(models.bytes).toBe(80)
  const failed = models.load('t', 'c', 10, () => Promise.reject(new Error('damaged')))
  await expect(failed).rejects.toThrow('damaged')
  expect(models.bytes).toBe(80)
})
