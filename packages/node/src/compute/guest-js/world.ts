import type { CallableModel } from '../guest/ports.ts'
import { ModelCalls } from '../model-calls/model-calls.ts'

/** Address of a value the engine keeps for us on its own heap; 0 is no value. */
export type ValueAddress = number

/**
 * All an engine can learn from outside itself, and the little the host remembers while one message
 * runs. Every field is reset per message, so nothing of it is state of the process.
 */
export type World = {
  /** Models the actor may call, and what it called in this message. */
  readonly calls: ModelCalls
  /** Steps of those calls that are not a whole check yet. */
  stepsOwed: number
  /** Who the process is, as JSON. */
  environment: string
  timestampMs: number
  seed: Uint8Array
  /** Bytes drawn from `seed` so far. */
  drawn: number
  /** How often the engine may still ask whether to go on; it asks about every 10,000 steps. */
  checksLeft: number
  checks: number
  /** The engine asked once more than it may: the evaluation is being unwound. */
  exceeded: boolean
  /** Promises rejected with nobody listening: object address → what must be freed, in order. */
  readonly rejections: Map<number, { promise: ValueAddress; reason: ValueAddress }>
  /** Sources the module loader serves; empty once the prelude has started. */
  sources: ReadonlyMap<string, string>
  /** Twelve bytes of guest memory for out-parameters and argument lists. */
  scratchAt: number
  readonly print: ((text: string) => void) | undefined
}

export function createWorld(
  print?: (text: string) => void,
  models?: ReadonlyMap<string, CallableModel>,
): World {
  return {
    calls: new ModelCalls(models),
    stepsOwed: 0,
    environment: '',
    timestampMs: 0,
    seed: new Uint8Array(32),
    drawn: 0,
    checksLeft: Number.MAX_SAFE_INTEGER,
    checks: 0,
    exceeded: false,
    rejections: new Map(),
    sources: new Map(),
    scratchAt: 0,
    print,
  }
}
