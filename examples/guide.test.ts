import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  spawnActor,
  stripTypes,
  testId,
} from '../packages/node/src/compute/guest-js/testing/test-actor.ts'

const guide = readFileSync(new URL('../docs/actors.md', import.meta.url), 'utf8')
const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '')

it.each(blocks)('the code of the guide boots as it stands: %#', async (code) => {
  const actor = await spawnActor({ source: stripTypes(code) })
  actor.close()
})

it('the code of the guide does what the guide says', async () => {
  expect(blocks).toHaveLength(3)
  const tags = { Friend: testId('friend') }
  const actor = await spawnActor({ source: stripTypes(blocks.join('\n')), tags })
  await actor.send({ action: 'Inc', tags: { By: '2' } })
  expect((await actor.send({ action: 'Get' })).Messages[0]?.Data).toBe('2')
  const told = await actor.send({ action: 'Hello' })
  expect(told.Messages.map(({ Target, Data }) => [Target, Data])).toEqual([
    [testId('friend'), '{"any":"value"}'],
    [expect.any(String), 'told'],
  ])
  expect((await actor.send({ data: '{"a":1}' })).Output.data).toBe('{ a: 1 }')
  expect((await actor.send({ cron: true })).Output.data).toMatch(/^tick at \d+$/)
  expect((await actor.send({ action: 'Multiply' })).Spawns).toHaveLength(1)
  actor.close()
})
