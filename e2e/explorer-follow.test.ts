import { createClient, type ProcessHandle, type ResultsPage, type SlotResult } from '@heddle/sdk'
import { expect, it } from 'vitest'
import { followProcess } from '../apps/explorer/src/console/follow.ts'

const { signal } = new AbortController()
const nothing: ResultsPage = { results: [], hasNextPage: false }

/** A result that prints; where it stands in a list. */
function printed(slot: number, output: string) {
  const raw = { Messages: [], Spawns: [], Assignments: [], Output: output, GasUsed: 0 }
  const result = { messages: [], spawns: [], output, error: undefined, gasUsed: 0, raw }
  return { ...result, slot, id: `m${slot}`, cursor: `c${slot}` }
}

/** A console on a process whose results come when they are given. */
function open() {
  const asked: PromiseWithResolvers<ResultsPage>[] = []
  const shown: string[] = []
  const handle: ProcessHandle = {
    ...createClient({ url: 'http://node' }).process('A'.repeat(43)),
    results: async (page) => {
      if (page?.sort === 'DESC') return nothing
      const answer = Promise.withResolvers<ResultsPage>()
      asked.push(answer)
      return await answer.promise
    },
  }
  const following = followProcess(handle, ({ output }) => void shown.push(output))
  const asking = (times: number) => expect.poll(() => asked.length).toBe(times)
  return { following, asked, asking, shown }
}

it('a console shows what came while it was asking for something else', async () => {
  const { following, asked, asking, shown } = open()
  const showing = following.showNew(signal)
  await asking(1)
  // Told of another slot before the answer, which does not have it yet.
  void following.showNew(signal)
  asked[0]?.resolve(nothing)
  await asking(2)
  asked[1]?.resolve({ ...nothing, results: [printed(4, 'pinged')] })
  await showing
  expect(shown).toEqual(['pinged'])
})

it('a console is not handed the answer it waits for', async () => {
  const { following, asked, asking, shown } = open()
  const sent = Promise.withResolvers<SlotResult>()
  const showing = following.showNew(signal)
  await asking(1)
  const running = following.evaluate(() => sent.promise)
  asked[0]?.resolve({ ...nothing, results: [printed(2, 'other'), printed(3, 'answer')] })
  await showing
  sent.resolve(printed(3, 'answer'))
  await running
  const later = following.showNew(signal)
  await asking(2)
  asked[1]?.resolve(nothing)
  await later
  expect(shown).toEqual(['other'])
})
