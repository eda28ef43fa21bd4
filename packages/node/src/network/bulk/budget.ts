/** So much of something may be in use at once; who wants more waits in line. */
export type Budget = {
  /**
   * Takes `amount` (at most the whole budget) when it is free, first come first served; resolves with
   * what gives it back. Rejects with the signal's reason.
   */
  take(amount: number, signal?: AbortSignal): Promise<() => void>
  /** Takes what is used whether or not it is free: until it is given back, who comes next waits. */
  claim(amount: number): () => void
  inUse(): number
}

type Waiting = { readonly amount: number; readonly start: () => void }

export function createBudget(limit: number): Budget {
  const line: Waiting[] = []
  let used = 0
  const advance = () => {
    for (let first = line[0]; first !== undefined; first = line[0]) {
      if (used + first.amount > limit) return
      line.shift()
      used += first.amount
      first.start()
    }
  }
  const giveBack = (amount: number) => {
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      used -= amount
      advance()
    }
  }
  return {
    inUse: () => used,
    claim(amount) {
      used += amount
      return giveBack(amount)
    },
    take(wanted, signal) {
      const amount = Math.min(wanted, limit)
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          line.splice(line.indexOf(waiting), 1)
          reject(signal?.reason)
          advance()
        }
        const waiting: Waiting = {
          amount,
          start: () => {
            signal?.removeEventListener('abort', onAbort)
            resolve(giveBack(amount))
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        line.push(waiting)
        advance()
      })
    },
  }
}
