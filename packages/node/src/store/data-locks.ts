import { type DataKey, encodeKey } from './record.ts'

type Lock = {
  sharers: number
  /** Resolves when the exclusive run under way ends. */
  exclusive: Promise<void> | undefined
  /** Called when the last sharer leaves. */
  onIdle: (() => void) | undefined
}

/**
 * Who writes about a data set shares its lock, who decides what of it may go has it alone. Records take
 * a while until the index knows them; without this a collector would look in between, and what it
 * appends would stand behind, and so undo, what was just promised.
 */
export class DataLocks {
  readonly #locks = new Map<string, Lock>()

  async shared<T>(data: DataKey, run: () => Promise<T>): Promise<T> {
    const key = keyOf(data)
    for (;;) {
      const waiting = this.#locks.get(key)?.exclusive
      if (waiting === undefined) break
      await waiting
    }
    const lock = this.#lock(key)
    lock.sharers++
    try {
      return await run()
    } finally {
      lock.sharers--
      if (lock.sharers === 0) lock.onIdle?.()
      this.#drop(key, lock)
    }
  }

  async exclusive<T>(data: DataKey, run: () => Promise<T>): Promise<T> {
    const key = keyOf(data)
    for (;;) {
      const waiting = this.#locks.get(key)?.exclusive
      if (waiting === undefined) break
      await waiting
    }
    const lock = this.#lock(key)
    const { promise, resolve } = Promise.withResolvers<void>()
    // From here on no sharer comes in.
    lock.exclusive = promise
    try {
      if (lock.sharers > 0) {
        await new Promise<void>((onIdle) => {
          lock.onIdle = onIdle
        })
      }
      return await run()
    } finally {
      lock.exclusive = undefined
      lock.onIdle = undefined
      this.#drop(key, lock)
      resolve()
    }
  }

  #lock(key: string): Lock {
    const known = this.#locks.get(key)
    if (known !== undefined) return known
    const lock: Lock = { sharers: 0, exclusive: undefined, onIdle: undefined }
    this.#locks.set(key, lock)
    return lock
  }

  #drop(key: string, { sharers, exclusive }: Lock): void {
    if (sharers === 0 && exclusive === undefined) this.#locks.delete(key)
  }
}

function keyOf(data: DataKey): string {
  return encodeKey(data).toString('latin1')
}
