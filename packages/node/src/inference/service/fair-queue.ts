import { inferenceBusy, inferenceClosed } from '../errors.ts'

type Waiter = { enter(): void; refuse(error: unknown): void }

export type FairQueueLimits = {
  readonly runningMax: number
  readonly waitingMax: number
  readonly waitingPerCaller: number
}

export type FairQueue = {
  readonly waiting: number
  readonly running: number
  /**
   * Waits for a place; the result gives it back. Rejects with `inference-busy` where too many wait, with the
   * signal's reason once it is aborted, with `inference-closed`.
   */
  enter(caller: string, signal?: AbortSignal): Promise<() => void>
  close(): void
}

/** Places for some at once. Callers take turns, so that one with many questions holds up nobody else. */
export function createFairQueue(limits: FairQueueLimits): FairQueue {
  /** Whose turn is next stands first. */
  const lanes = new Map<string, Waiter[]>()
  let running = 0
  let waiting = 0
  let isClosed = false

  const next = (): void => {
    while (running < limits.runningMax) {
      const [lane] = lanes
      if (lane === undefined) return
      const [caller, waiters] = lane
      lanes.delete(caller)
      const waiter = waiters.shift()
      if (waiters.length > 0) lanes.set(caller, waiters)
      if (waiter === undefined) continue
      waiting -= 1
      running += 1
      waiter.enter()
    }
  }

  const leaver = () => {
    let isLeft = false
    return () => {
      if (isLeft) return
      isLeft = true
      running -= 1
      next()
    }
  }

  const leave = (caller: string, waiter: Waiter): void => {
    const waiters = lanes.get(caller) ?? []
    const at = waiters.indexOf(waiter)
    if (at < 0) return
    waiters.splice(at, 1)
    waiting -= 1
    if (waiters.length === 0) lanes.delete(caller)
  }

  const enter = async (caller: string, signal?: AbortSignal): Promise<() => void> => {
    if (isClosed) throw inferenceClosed()
    signal?.throwIfAborted()
    const mine = lanes.get(caller) ?? []
    if (mine.length >= limits.waitingPerCaller) throw inferenceBusy(mine.length, 'yours')
    if (waiting >= limits.waitingMax) throw inferenceBusy(waiting, 'all')
    return await new Promise((resolve, reject) => {
      const onAbort = () => {
        leave(caller, waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        enter: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve(leaver())
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      mine.push(waiter)
      lanes.set(caller, mine)
      waiting += 1
      signal?.addEventListener('abort', onAbort, { once: true })
      next()
    })
  }

  return {
    get waiting() {
      return waiting
    },
    get running() {
      return running
    },
    enter,
    close: () => {
      isClosed = true
      const all = [...lanes.values()].flat()
      lanes.clear()
      waiting = 0
      for (const waiter of all) waiter.refuse(inferenceClosed())
    },
  }
}
