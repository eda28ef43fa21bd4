/**
 * Gas, version `gas-2`: what one message of a prepared WebAssembly module may cost. Part of what all
 * nodes agree on: a module prepared under another table gives other results, so a change here is a
 * new version, never an edit. One unit is about one simple instruction of optimised code; the
 * weights of the others follow how long they may take at worst, not on average.
 */
export type InstructionClass = keyof typeof gasTable.instructions

export const gasTable = {
  version: 'gas-2',
  /** Gas per instruction, charged per basic block before the block runs. */
  instructions: {
    /** Leaves no machine code: block, end, else, nop, drop, constants, local.get, local.tee. */
    free: 0,
    /** Integer and bit arithmetic, comparisons, select, local.set, global.get, memory.size. */
    simple: 1,
    /** br, br_if, if, loop, return, unreachable. */
    branch: 1,
    /** br_table: an indirect jump. */
    table: 3,
    /** Reads and writes of memory, which may miss every cache; global.set, table.get. */
    memory: 3,
    /** Float arithmetic and conversions with their canonical NaN; vector arithmetic. */
    float: 2,
    /** Division, remainder and square root, integer or float. */
    division: 10,
    call: 8,
    indirectCall: 16,
    /** Leaving the sandbox; what the host does by size is charged on top. */
    hostCall: 200,
    /** memory.copy, memory.fill, memory.grow, before their size. */
    bulk: 16,
  },
  /** A charge may pay this much for blocks that may turn out not to run. */
  aheadGas: 16,
  /** Entering a function, charged by the function. */
  functionEntry: 4,
  /** Bytes that one unit pays for in memory.copy, memory.fill and what the host copies. */
  bulkBytesPerGas: 8,
  /** Each random byte: the host hashes for every 32 of them. */
  randomByte: 32,
  /** Each letter of a pattern that the host writes a date by: two of them may become twenty. */
  dateLetter: 512,
  /** Each buffer of a list that the host walks through, whatever its size. */
  listedBuffer: 64,
  /** Each 64 KiB page that memory grows by: the kernel zeroes it. */
  pageGrowth: 16_384,
  /** What a module's start function may cost. */
  startLimit: 1_000_000_000,
  /** Pages that memory may grow to in a start function, before the limit of a process is known. */
  startPages: 1024,
  /**
   * `Compute-Limit` where no tag names one, and the most that a tag can ask for: some ten seconds of a
   * slow core. Beyond it clocks would decide before the gas does, and clocks differ.
   */
  messageDefault: 10_000_000_000,
  messageMax: 10_000_000_000,
} as const

/**
 * Depth of calls, in bytes of a frame as a plain compiler would lay it out: all locals and operands
 * in memory. Hosts must run modules on threads with at least 4 MB of stack, so that the engine's own
 * limit, which moves with its optimiser, never decides.
 */
export const callStack = {
  /** All frames of functions that may call themselves, however far around. */
  bytes: 2 * 1024 * 1024,
  /** Frames of the others, which have a longest chain: beyond this all functions are counted. */
  chainBytes: 128 * 1024,
  frameBytes: 96,
  slotBytes: 8,
  vectorSlotBytes: 16,
  /** A host function that calls back into the module. */
  hostFrameBytes: 2048,
} as const

/** The units of a message from the text of a `Compute-Limit` tag; undefined: it cannot be read. */
export function readComputeLimit(text: string | undefined): number | undefined {
  if (text === undefined) return gasTable.messageDefault
  if (!/^[1-9][0-9]{0,18}$/.test(text)) return undefined
  return Math.min(Number(text), gasTable.messageMax)
}
