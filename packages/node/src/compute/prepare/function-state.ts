import { moduleInvalid } from '../guest/errors.ts'
import { ByteReader } from '../guest/module/byte-reader.ts'
import { createStretch, type Stretch } from './charges.ts'
import { type DecodedModule, readValueType, valueType } from './decode.ts'
import { Edits } from './edits.ts'
import { FloatFlow, raw } from './float-flow.ts'
import { moduleLimits } from './limits.ts'

/** A block of the body under analysis; the outermost is the function itself. */
export type Frame = {
  readonly opcode: number
  /** Height of the operand stack where the block begins, its parameters taken off. */
  readonly height: number
  readonly params: number
  readonly results: number
  /** Code after a jump: the stack may give anything (core specification, appendix). */
  polymorphic: boolean
  /** A branch leads to its end. */
  targeted: boolean
  /** The stretch the block began in; undefined in code that cannot be reached. */
  readonly stretch: Stretch | undefined
}

/** What is known so far of the body under analysis. */
export type FunctionState = {
  readonly module: DecodedModule
  readonly reader: ByteReader
  /** Types of parameters, then of locals. */
  readonly localTypes: Uint8Array
  readonly parameterCount: number
  readonly floats: FloatFlow
  readonly edits: Edits
  readonly stack: number[]
  readonly frames: Frame[]
  readonly codeStart: number
  /** Where the code read now is charged; undefined where it cannot be reached. */
  stretch: Stretch | undefined
  readonly stretches: Stretch[]
  maxHeight: number
  hasLoop: boolean
  growsMemory: boolean
  readonly callees: Set<number>
  readonly indirectTypes: Set<number>
}

export function openFunction(
  module: DecodedModule,
  index: number,
  range: { readonly start: number; readonly end: number },
): FunctionState {
  const type = module.types[module.functions[index] ?? -1]
  if (type === undefined) throw moduleInvalid('a function has no type')
  const reader = new ByteReader(module.bytes, range.start, range.end)
  const localTypes = readLocals(reader, type.params)
  const outermost: Frame = {
    opcode: 0x02,
    height: 0,
    params: 0,
    results: type.results.length,
    polymorphic: false,
    targeted: false,
    stretch: undefined,
  }
  const entry = createStretch(reader.at)
  return {
    module,
    reader,
    localTypes,
    parameterCount: type.params.length,
    floats: new FloatFlow(localTypes, type.params.length),
    edits: new Edits(),
    stack: [],
    frames: [outermost],
    codeStart: reader.at,
    stretch: entry,
    stretches: [entry],
    maxHeight: 0,
    hasLoop: false,
    growsMemory: false,
    callees: new Set(),
    indirectTypes: new Set(),
  }
}

function readLocals(reader: ByteReader, params: Uint8Array): Uint8Array {
  const groups: [number, number][] = []
  let total = params.length
  for (let left = reader.unsigned(); left > 0; left--) {
    const count = reader.unsigned()
    total += count
    if (total > moduleLimits.locals || groups.length >= moduleLimits.locals)
      throw moduleInvalid(`a function has more than ${moduleLimits.locals} locals`)
    groups.push([count, readValueType(reader)])
  }
  const types = new Uint8Array(total)
  types.set(params)
  let at = params.length
  for (const [count, type] of groups) {
    types.fill(type, at, at + count)
    at += count
  }
  return types
}

export function innermost(state: FunctionState): Frame {
  const frame = state.frames[state.frames.length - 1]
  if (frame === undefined) throw moduleInvalid('code follows the end of a function')
  return frame
}

/** The frame a label means. */
export function frameAt(state: FunctionState, label: number): Frame {
  const frame = state.frames[state.frames.length - 1 - label]
  if (frame === undefined) throw moduleInvalid('a branch leads nowhere')
  return frame
}

export function push(state: FunctionState, value: number): void {
  state.stack.push(value)
  if (state.stack.length > state.maxHeight) state.maxHeight = state.stack.length
}

export function pushRaw(state: FunctionState, count: number): void {
  for (let i = 0; i < count; i++) push(state, raw)
}

/** Takes the topmost value without looking at it. */
export function pop(state: FunctionState): number {
  const frame = innermost(state)
  if (state.stack.length > frame.height) return state.stack.pop() ?? raw
  if (!frame.polymorphic) throw moduleInvalid('an instruction takes more than there is')
  return raw
}

/** Takes values that are seen whole. */
export function popSeen(state: FunctionState, count: number): void {
  for (let i = 0; i < count; i++) state.floats.take(pop(state), 0)
}

/**
 * A stretch of code begins at the reader's place that runs at most once for each time `parent` does;
 * without a parent, as often as it likes. Where the parent cannot be reached, neither can this.
 */
export function openStretch(state: FunctionState, parent: Stretch | undefined): void {
  state.stretch = parent === undefined ? undefined : createStretch(state.reader.at, parent)
  if (state.stretch !== undefined) state.stretches.push(state.stretch)
}

/** The head of a loop begins: its code runs any number of times, so it is charged and checked. */
export function openLoop(state: FunctionState): void {
  if (state.stretch === undefined) return
  state.stretch = { ...createStretch(state.reader.at), loops: true, cost: 1 }
  state.stretches.push(state.stretch)
}

/** Code that cannot be reached follows. */
export function leaveBlock(state: FunctionState): void {
  state.stretch = undefined
  const frame = innermost(state)
  frame.polymorphic = true
  state.stack.length = frame.height
}

/** Bytes of a frame at most: all locals and operands in memory. */
export function slotsOf(types: Uint8Array): { readonly plain: number; readonly vectors: number } {
  let vectors = 0
  for (const type of types) if (type === valueType.v128) vectors += 1
  return { plain: types.length - vectors, vectors }
}
