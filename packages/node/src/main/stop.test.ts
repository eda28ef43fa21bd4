import { afterEach, expect, it, vi } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { waitForStop } from './stop.ts'

/** A node that closes when it is told to, in a process whose time goes by hand. */
function start() {
  let nowMs = 0
  const closing = Promise.withResolvers<void>()
  const waiting: { delayMs: number; run: () => void }[] = []
  const { clock, timer } = createRuntime()
  const byHand = {
    clock: { ...clock, elapsedMs: () => nowMs },
    timer: {
      ...timer,
      after(delayMs: number, run: () => void) {
        waiting.push({ delayMs, run })
        return () => {}
      },
    },
  }
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as never)
  const stopped = waitForStop({ close: () => closing.promise }, byHand)
  /** Fires what waits, each time so much later than it asked for. */
  const pass = (forMs: number, lateMs: number) => {
    for (const endMs = nowMs + forMs; nowMs < endMs; ) {
      const [next] = waiting.splice(0, 1)
      nowMs += (next?.delayMs ?? forMs) + lateMs
      next?.run()
    }
  }
  return { closing, exit, stopped, pass }
}

afterEach(() => void vi.restoreAllMocks())

it('waits for a close that is slow because its process gets no time', async () => {
  const { closing, exit, stopped, pass } = start()
  process.emit('SIGTERM')
  // A tenth of a core, for a minute.
  pass(60_000, 5000)
  closing.resolve()
  await stopped
  expect(exit).not.toHaveBeenCalled()
})

it('does not wait for a close that hangs, nor after a second wish', async () => {
  const { closing, exit, stopped, pass } = start()
  process.emit('SIGTERM')
  process.emit('SIGTERM')
  expect(exit).not.toHaveBeenCalled()
  pass(30_000, 0)
  expect(exit.mock.calls).toEqual([[1]])
  process.emit('SIGINT')
  expect(exit).toHaveBeenCalledTimes(2)
  closing.resolve()
  await stopped
})
