import { assert } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { moduleInvalid } from '../guest/errors.ts'
import type { DecodedModule, FunctionType } from './decode.ts'
import { readValueType } from './decode.ts'
import { editKind } from './edits.ts'
import { plain, raw, shapeOfType } from './float-flow.ts'
import {
  type Frame,
  type FunctionState,
  frameAt,
  innermost,
  leaveBlock,
  openFunction,
  openLoop,
  openStretch,
  pop,
  popSeen,
  push,
  pushRaw,
} from './function-state.ts'
import { bulkBase, type Instruction, instructionAt, shape, vectorBase } from './instructions.ts'
import { moduleLimits } from './limits.ts'
import { skipOperands } from './operands.ts'
import { refuseInstruction } from './refusals.ts'

/**
 * Walks one body: charges per basic block, values whose NaN bits may show, calls. The module must
 * have been found valid by the engine; on anything else this ends in `module-invalid` or in a plan
 * of no meaning, never in a crash. Throws `module-instruction-refused` and `module-threads`.
 */
export function analyseFunction(
  module: DecodedModule,
  index: number,
  range: { readonly start: number; readonly end: number },
): FunctionState {
  const state = openFunction(module, index, range)
  const { reader } = state
  while (!reader.done) step(state)
  if (state.frames.length > 0) throw moduleInvalid('a function does not end')
  for (const { at, lanes } of state.floats.demands()) state.edits.add(at, editKind.canonical, lanes)
  return state
}

function step(state: FunctionState): void {
  const { reader } = state
  const at = reader.at
  const opcode = reader.byte()
  let code = opcode
  if (opcode === 0xfc) code = bulkBase + Math.min(reader.unsigned(), 255)
  else if (opcode === 0xfd) code = vectorBase + reader.unsigned()
  const instruction = instructionAt(code)
  if (instruction === undefined) throw refuseInstruction(code)
  if (state.stretch !== undefined) state.stretch.cost += gasTable.instructions[instruction.class]
  if (instruction.operands === 'control' || code <= 0x10) control(state, code, at)
  else if (code >= 0x1a && code <= 0x22) variable(state, code)
  else if (code === 0x40) growMemory(state, at)
  else {
    if (code === bulkBase + 11) state.edits.add(at, editKind.bulk)
    plainInstruction(state, code, instruction)
  }
}

function plainInstruction(state: FunctionState, code: number, instruction: Instruction): void {
  const { reader, floats } = state
  const { operands, pops, pushes, takes, gives } = instruction
  assert(operands !== 'control', 'control goes another way')
  const start = reader.at
  skipOperands(reader, operands)
  const isConstant = typeof operands === 'number'
  const value = isConstant ? constantAt(reader.bytes, start, operands, code) : raw
  for (let i = 0; i < pops; i++) floats.take(pop(state), takes)
  if (pushes === 1) push(state, gives === 0 ? value : floats.produce(reader.at, gives))
}

/** Whether the bytes of a constant are plain; those of a shuffle are none. */
function constantAt(module: Uint8Array, start: number, length: number, code: number): number {
  if (code === vectorBase + 13) return raw
  const view = new DataView(module.buffer, module.byteOffset + start, length)
  for (let at = 0; code !== 0x44 && at < length; at += 4)
    if (Number.isNaN(view.getFloat32(at, true))) return raw
  for (let at = 0; code !== 0x43 && at < length; at += 8)
    if (Number.isNaN(view.getFloat64(at, true))) return raw
  return plain
}

function variable(state: FunctionState, code: number): void {
  const { reader, floats } = state
  if (code === 0x1a) pop(state)
  else if (code === 0x1b) {
    popSeen(state, 3)
    push(state, raw)
  } else {
    const local = reader.unsigned()
    if (local >= state.localTypes.length) throw moduleInvalid('a local is named that is not there')
    if (code !== 0x20) floats.writeLocal(local, pop(state))
    if (code !== 0x21) push(state, floats.readLocal(reader.at, local))
  }
}

function growMemory(state: FunctionState, at: number): void {
  state.growsMemory = true
  state.reader.skipNumber()
  popSeen(state, 1)
  push(state, raw)
  state.edits.add(at, editKind.sync)
  state.edits.add(at, editKind.grow, state.reader.at - at)
  state.edits.add(state.reader.at, editKind.reload)
}

function control(state: FunctionState, code: number, at: number): void {
  if (code <= 0x01) {
    if (code === 0x01) return
    state.edits.add(at, editKind.sync)
    leaveBlock(state)
  } else if (code <= 0x04) beginBlock(state, code)
  else if (code === 0x05) beginElse(state)
  else if (code === 0x0b) endBlock(state)
  else if (code <= 0x0e) branch(state, code)
  else if (code === 0x0f) {
    const frame = frameAt(state, state.frames.length - 1)
    popSeen(state, frame.results)
    state.edits.add(at, editKind.return, state.frames.length - 1)
    leaveBlock(state)
  } else if (code === 0x10) callDirect(state, at)
  else if (code === 0x11) callIndirect(state, at)
  else if (code === 0x1c) {
    if (state.reader.unsigned() !== 1) throw moduleInvalid('a select has more than one type')
    readValueType(state.reader)
    popSeen(state, 3)
    push(state, raw)
  } else {
    // memory.copy, both memories.
    state.reader.skipNumber()
    state.reader.skipNumber()
    state.edits.add(at, editKind.bulk)
    popSeen(state, 3)
  }
}

function beginBlock(state: FunctionState, opcode: number): void {
  const { params, results } = readBlockType(state)
  if (opcode === 0x04) popSeen(state, 1)
  popSeen(state, params)
  if (state.frames.length >= moduleLimits.nesting)
    throw moduleInvalid(`blocks stand more than ${moduleLimits.nesting} deep in each other`)
  const height = state.stack.length
  const { stretch } = state
  const fresh = { polymorphic: false, targeted: false, stretch }
  state.frames.push({ opcode, height, params, results, ...fresh })
  pushRaw(state, params)
  if (opcode === 0x03) {
    state.hasLoop = true
    openLoop(state)
  } else if (opcode === 0x04) openStretch(state, stretch)
}

/** Nothing, one result, or the index of a function type. */
function readBlockType({ reader, module }: FunctionState): { params: number; results: number } {
  const first = reader.bytes[reader.at] ?? 0
  if (first === 0x40) {
    reader.skip(1)
    return { params: 0, results: 0 }
  }
  if (first >= 0x60 && first < 0x80) {
    readValueType(reader)
    return { params: 0, results: 1 }
  }
  const type = typeAt(module, reader.unsigned())
  return { params: type.params.length, results: type.results.length }
}

function typeAt(module: DecodedModule, index: number): FunctionType {
  const type = module.types[index]
  if (type === undefined) throw moduleInvalid('a type is named that is not there')
  return type
}

function beginElse(state: FunctionState): void {
  const frame = innermost(state)
  popSeen(state, frame.results)
  state.stack.length = frame.height
  frame.polymorphic = false
  pushRaw(state, frame.params)
  openStretch(state, frame.stretch)
}

function endBlock(state: FunctionState): void {
  const frame = innermost(state)
  popSeen(state, frame.results)
  state.stack.length = frame.height
  state.frames.pop()
  pushRaw(state, frame.results)
  if (state.frames.length === 0) return
  // What follows runs at most once for each time the block was entered; a loop's end is no target.
  const joins = frame.opcode === 0x04 || frame.targeted
  const left = frame.opcode === 0x03 ? state.stretch !== undefined : joins
  if (left) openStretch(state, frame.stretch)
}

function branch(state: FunctionState, code: number): void {
  const { reader } = state
  if (code === 0x0d) {
    popSeen(state, 1)
    const { carried } = target(state, reader.unsigned())
    popSeen(state, carried)
    pushRaw(state, carried)
    openStretch(state, state.stretch)
    return
  }
  if (code === 0x0e) {
    popSeen(state, 1)
    const count = reader.unsigned()
    if (count > moduleLimits.jumpTargets) throw moduleInvalid(`a br_table has ${count} targets`)
    for (let i = 0; i < count; i++) target(state, reader.unsigned())
  }
  const { carried } = target(state, reader.unsigned())
  popSeen(state, carried)
  leaveBlock(state)
}

/** Marks where a branch leads and tells how many values it takes along. */
function target(state: FunctionState, label: number): { carried: number } {
  const frame: Frame = frameAt(state, label)
  frame.targeted = true
  return { carried: frame.opcode === 0x03 ? frame.params : frame.results }
}

function callDirect(state: FunctionState, at: number): void {
  const { reader, module, stretch } = state
  const callee = reader.unsigned()
  const type = typeAt(module, module.functions[callee] ?? -1)
  const imported = callee < module.functionImports.length
  if (imported && stretch !== undefined)
    stretch.cost += gasTable.instructions.hostCall - gasTable.instructions.call
  state.callees.add(callee)
  passCall(state, at, type, imported)
}

function callIndirect(state: FunctionState, at: number): void {
  const index = state.reader.unsigned()
  const type = typeAt(state.module, index)
  state.reader.skipNumber()
  state.indirectTypes.add(index)
  popSeen(state, 1)
  passCall(state, at, type, true)
}

/** `foreign`: JavaScript may be what is called; it does not keep the bits of a NaN. */
function passCall(state: FunctionState, at: number, type: FunctionType, foreign: boolean): void {
  popSeen(state, type.params.length)
  const end = state.reader.at
  state.edits.add(at, editKind.sync)
  state.edits.add(end, editKind.reload)
  const only = type.results.length === 1 ? type.results[0] : undefined
  const lanes = foreign && only !== undefined ? shapeOfType(only) : shape.none
  if (lanes === 0) pushRaw(state, type.results.length)
  else push(state, state.floats.produce(end, lanes))
}
