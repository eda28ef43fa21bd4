import { errorMessage, type HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { CallReceipt } from '@heddle/protocol/message'
import { modelCalls } from '@heddle/protocol/params'
import { guestHostFailure } from '../guest/errors.ts'
import type { CallableModel } from '../guest/ports.ts'
import { modelCallInvalid, modelCallsTooMany, modelNotDeclared } from './errors.ts'

/** What a call gives back: JSON for the guest, and its cost in units of a model's gas. */
export type CallOutcome = {
  readonly text: string
  readonly gasUsed: number
  /** There was not enough gas: the evaluation is to end. */
  readonly isSpent: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** Seeds of a message's calls begin at its id and count on. */
const seedMask = 2 ** 53

/**
 * The models that one guest may call. All that a call gives follows from the log: the models are those that
 * the process item names, they were loaded before the guest, and what this machine cannot do is
 * thrown as `guest-host-failure`, which is never a result.
 */
export class ModelCalls {
  readonly #models: ReadonlyMap<string, CallableModel>
  #receipts: CallReceipt[] = []
  #calls = 0
  #seed: Uint8Array = new Uint8Array(8)

  constructor(models: ReadonlyMap<string, CallableModel> = new Map()) {
    this.#models = models
  }

  /** Calls of this message that were answered, in order. */
  get receipts(): readonly CallReceipt[] {
    return this.#receipts
  }

  /** Forgets the message before; `seed` is 32 bytes of the next one's id. */
  begin(seed: Uint8Array): void {
    this.#receipts = []
    this.#calls = 0
    this.#seed = seed
  }

  /**
   * Answers `{model?, prompt | messages, tokens?, seed?, temperature?, topP?, stop?}` as JSON. `named`: the model
   * where the request names none; the first one without.
   */
  call(requestText: string, gasMax: number, named?: string): CallOutcome {
    const { callGas, requestGasPerUnit } = modelCalls
    const asked = callGas + requestText.length * requestGasPerUnit
    if (asked > gasMax) return { text: '{}', gasUsed: gasMax, isSpent: true }
    try {
      const { reply, gasUsed } = this.#answer(requestText, gasMax - asked, named)
      return { text: JSON.stringify(reply), gasUsed: asked + gasUsed, isSpent: false }
    } catch (error) {
      if (isHeddleError(error, 'gas-exhausted')) {
        return { text: '{}', gasUsed: gasMax, isSpent: true }
      }
      if (!isCallers(error)) throw guestHostFailure(`a model failed: ${errorMessage(error)}`, error)
      const text = JSON.stringify({ error: `${error.code}: ${error.message}` })
      return { text, gasUsed: asked, isSpent: false }
    }
  }

  #answer(requestText: string, gasMax: number, named?: string): { reply: Fields; gasUsed: number } {
    if (++this.#calls > modelCalls.callsPerMessage) throw modelCallsTooMany()
    const request = readRequest(requestText)
    const [first = ''] = this.#models.keys()
    const name = request.model === undefined ? (named ?? first) : String(request.model)
    const model = this.#models.get(name)
    if (model === undefined) throw modelNotDeclared(name, [...this.#models.keys()])
    const seed = (firstSeed(this.#seed) + this.#calls - 1) % seedMask
    const { receipt, reply, gasUsed } = model.complete(request, { gasMax, seed })
    this.#receipts.push({ Model: name, Receipt: receipt })
    return { reply: { ...reply, model: name }, gasUsed }
  }
}

function firstSeed({ buffer, byteOffset }: Uint8Array): number {
  return Number(new DataView(buffer, byteOffset, 8).getBigUint64(0) >> 11n)
}

/** What the request is to blame for is the same on every machine. */
function isCallers(error: unknown): error is HeddleError {
  return isHeddleError(error) && (error.kind === 'invalid' || error.kind === 'exhausted')
}

function readRequest(text: string): Fields {
  const { requestLength } = modelCalls
  if (text.length > requestLength) {
    throw modelCallInvalid(`it has ${text.length} characters as JSON, at most ${requestLength}`)
  }
  const value = parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw modelCallInvalid('give an object like { model, prompt, tokens }')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
