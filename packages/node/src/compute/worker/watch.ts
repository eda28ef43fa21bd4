/**
 * What a thread is doing, readable while it is too busy to answer, and the wish that it end: 32-bit
 * cells in shared memory. The count is odd while a message is being evaluated, or a module starts for
 * the first time, and changes with each begin and end. What ended before (a replay, a restart from
 * an image) is not shown: it ends again, and no clock may cut it off.
 */
const countCell = 0
const numberCell = 1
const slotCell = 2
const stopCell = 3

type Watched = {
  /** Differs between any two evaluations of a thread. */
  readonly count: number
  /** Number of the process, see `OpenProcess`. */
  readonly number: number
  readonly slot: number
}

export function createWatch(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT)
}

export function beginWatch(cells: Int32Array, number: number, slot: number): void {
  Atomics.store(cells, numberCell, number)
  Atomics.store(cells, slotCell, slot)
  Atomics.add(cells, countCell, 1)
}

/** Ends the thread too where that was asked for, before anything follows. */
export function endWatch(cells: Int32Array): void {
  Atomics.add(cells, countCell, 1)
  leaveIfAsked(cells)
}

/** Stops the clock of the evaluation under way, if any, while it waits for the unit; gives what goes on. */
export function pauseWatch(cells: Int32Array): () => void {
  if (Atomics.load(cells, countCell) % 2 === 0) return () => undefined
  Atomics.add(cells, countCell, 1)
  return () => void Atomics.add(cells, countCell, 1)
}

/** The evaluation under way, or undefined. */
export function readWatch(cells: Int32Array): Watched | undefined {
  const count = Atomics.load(cells, countCell)
  if (count % 2 === 0) return undefined
  return { count, number: Atomics.load(cells, numberCell), slot: Atomics.load(cells, slotCell) }
}

/**
 * Asks a thread to end itself at the next safe point. A thread that is terminated from outside while
 * it is inside node:zlib (it packs and unpacks images) takes the whole program with it: Node 24
 * asserts `close before init`. Inside an evaluation there is no zlib, and the end of one is a safe
 * point; so after this call a thread that `readWatch` shows may be terminated, and no other.
 */
export function askToLeave(cells: Int32Array): void {
  Atomics.store(cells, stopCell, 1)
}

/** A safe point of a thread: ends it if it was asked to. In a worker, `exit` ends the thread alone. */
export function leaveIfAsked(cells: Int32Array): void {
  if (Atomics.load(cells, stopCell) === 1) process.exit()
}
