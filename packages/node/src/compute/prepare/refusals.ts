import { moduleInstructionRefused, moduleThreads } from '../guest/errors.ts'
import { bulkBase, vectorBase } from './instructions.ts'

const hidden = 'it changes state that no memory image holds'
const names: Readonly<Record<number, string>> = {
  38: 'table.set',
  [bulkBase + 8]: 'memory.init',
  [bulkBase + 9]: 'data.drop',
  [bulkBase + 12]: 'table.init',
  [bulkBase + 13]: 'elem.drop',
  [bulkBase + 14]: 'table.copy',
  [bulkBase + 15]: 'table.grow',
  [bulkBase + 17]: 'table.fill',
}
const exceptions = [0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f]
const tailCalls = [0x12, 0x13, 0x15]

/** Why an instruction is not accepted; see `instructions.ts` for its number. */
export function refuseInstruction(code: number): Error {
  const name = names[code]
  if (name !== undefined) return moduleInstructionRefused(name, hidden)
  if (code === 0xfe) return moduleThreads('atomic instructions')
  if (exceptions.includes(code))
    return moduleInstructionRefused(
      'exceptions',
      'frames that they leave are not counted yet. Build with -sSUPPORT_LONGJMP=emscripten',
    )
  if (tailCalls.includes(code))
    return moduleInstructionRefused(
      'a tail call',
      'its frames are not counted yet. Build without -mtail-call',
    )
  if (code >= vectorBase + 256)
    return moduleInstructionRefused(
      `a relaxed SIMD instruction (0xfd ${code - vectorBase})`,
      'its result depends on the processor. Build without -mrelaxed-simd',
    )
  return moduleInstructionRefused(
    opcodeText(code),
    'this node does not know whether it is deterministic',
  )
}

function opcodeText(code: number): string {
  if (code >= vectorBase) return `opcode 0xfd ${code - vectorBase}`
  if (code >= bulkBase) return `opcode 0xfc ${code - bulkBase}`
  return `opcode 0x${code.toString(16)}`
}
