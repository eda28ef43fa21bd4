import { expect, test } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { Gathering } from './gathering.ts'

/** A batch that ends when told. */
function batch(gathering: Gathering) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = gathering.run(() => promise)
  return { end: resolve, done }
}

test('nobody waits while a thread has one batch; beyond two, who came first goes first', async () => {
  const { timer } = createRuntime()
  const gathering = new Gathering({ ...timer, after: () => () => undefined })
  expect(gathering.busy).toBe(false)
  await gathering.wait()
  const first = batch(gathering)
  expect(gathering.busy).toBe(true)
  await gathering.wait()
  const second = batch(gathering)
  const gone: string[] = []
  const waits = ['a', 'b'].map((name) => gathering.wait().then(() => gone.push(name)))
  await Promise.resolve()
  expect(gone).toEqual([])
  first.end()
  await first.done
  await waits[0]
  expect(gone).toEqual(['a'])
  second.end()
  await second.done
  await Promise.all(waits)
  expect(gone).toEqual(['a', 'b'])
  expect(gathering.busy).toBe(false)
})

test('who has waited long goes on beside a neighbour that does not end; one that failed counts no more', async () => {
  const gathering = new Gathering(createRuntime().timer)
  const endless = [batch(gathering), batch(gathering)]
  await gathering.wait()
  for (const { end, done } of endless) {
    end()
    await done
  }
  const failing = gathering.run(() => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  expect(gathering.busy).toBe(false)
})
