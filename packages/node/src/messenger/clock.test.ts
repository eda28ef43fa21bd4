import { afterEach, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { arrived, FakeNode, signerOf } from './testing/fake-node.ts'
import { type Run, startMessenger, until } from './testing/run-messenger.ts'

const runtime = createRuntime()
let run: Run | undefined

afterEach(() => run?.close())

it('a wall clock that was an hour ahead holds no letter back', async () => {
  let aheadMs = 3_600_000
  const clock = { ...runtime.clock, nowMs: () => runtime.clock.nowMs() + aheadMs }
  const node = new FakeNode(1, 'a')
  const user = signerOf(200)
  const receiver = await node.spawn(user, () => ({}))
  let isDown = true
  const sender = await node.spawn(user, (entry) =>
    entry.assignment.slot === 0 ? {} : { Messages: [{ Target: receiver, Anchor: '', Tags: [] }] },
  )
  const deps = { runtime: { ...runtime, clock } }
  node.fault = (call) => (isDown && call === 'schedule' ? 'before' : undefined)
  run = await startMessenger(node, { deps })
  await node.send(user, sender)
  const pending = async () =>
    (await run?.request('GET', `/outbox?process-id=${sender}`))?.body as { pending: number }
  await until(async () => (await pending()).pending === 1)
  const stateFile = run.crash()

  aheadMs = 0
  isDown = false
  run = await startMessenger(node, { deps, stateFile })
  await until(() => arrived(node, receiver).length > 0)
  expect(arrived(node, receiver)).toEqual([`${sender}/0/1/0`])
})
