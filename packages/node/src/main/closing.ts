/** What has been opened and must be closed, the last opened first. */
export type Closing = {
  add(close: () => void | Promise<void>): void
  /** Closed before all others, together: doors through which work comes in, and what callers wait for. */
  first(close: () => void | Promise<void>): void
  /** Closes everything, whatever fails on the way; rejects with the first failure. */
  run(): Promise<void>
}

export function createClosing(): Closing {
  const steps: (() => void | Promise<void>)[] = []
  const doors: (() => void | Promise<void>)[] = []
  let running: Promise<void> | undefined
  const close = async () => {
    const failures: unknown[] = []
    const outcomes = await Promise.allSettled(doors.map(async (door) => door()))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') failures.push(outcome.reason)
    }
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
  return {
    add: (step) => void steps.push(step),
    first: (step) => void doors.push(step),
    run: () => {
      running ??= close()
      return running
    },
  }
}
