import { gasTable } from '@heddle/protocol/params'
import { ByteWriter } from './byte-writer.ts'
import { type Additions, op, writeCheck, writeLocal } from './emit.ts'

/** What `refused` holds after memory did not grow: by the limit, or by the machine. */
export const growthRefused = { byLimit: 1, byMachine: 2 } as const

const memorySize = [0x3f, 0]
const memoryGrow = [0x40, 0]

/**
 * The function that stands for `memory.grow`: it takes gas per page, gives -1 beyond the limit, and
 * traps where the machine has no memory left, since that must not decide what the module sees.
 */
export function growFunctionBody(additions: Additions, wide: boolean): Uint8Array {
  const out = new ByteWriter()
  const widen = wide ? [] : [op.i64ExtendU]
  const [constant, equal, type] = wide ? [op.i64Const, 0x51, 0x7e] : [op.i32Const, 0x46, 0x7f]
  out.bytes([1, 1, type])
  // Pages beyond 2^48 would wrap the product: they are beyond any limit, and not priced.
  writeLocal(out, op.localGet, 0)
  out.bytes([...widen, op.i64Const])
  out.signed(2 ** 40)
  out.bytes([0x5a, op.if, op.empty]) // i64.ge_u
  writeRefusal(out, additions, growthRefused.byLimit)
  out.bytes([constant, 0x7f, op.return, op.end])
  writeLocal(out, op.globalGet, additions.gasGlobal)
  writeLocal(out, op.localGet, 0)
  out.bytes([...widen, op.i64Const])
  out.signed(gasTable.pageGrowth)
  out.bytes([0x7e, op.i64Sub]) // i64.mul
  writeLocal(out, op.globalSet, additions.gasGlobal)
  writeCheck(out, additions, undefined)
  out.bytes([...memorySize, ...widen])
  writeLocal(out, op.localGet, 0)
  out.bytes([...widen, op.i64Add])
  writeLocal(out, op.globalGet, additions.pagesGlobal)
  out.bytes([0x56, op.if, op.empty]) // i64.gt_u
  writeRefusal(out, additions, growthRefused.byLimit)
  out.bytes([constant, 0x7f, op.return, op.end])
  writeLocal(out, op.localGet, 0)
  out.bytes(memoryGrow)
  writeLocal(out, op.localTee, 1)
  out.bytes([constant, 0x7f, equal, op.if, op.empty])
  writeRefusal(out, additions, growthRefused.byMachine)
  out.bytes([op.unreachable, op.end])
  writeLocal(out, op.localGet, 1)
  out.byte(op.end)
  return out.take()
}

function writeRefusal(out: ByteWriter, additions: Additions, why: number): void {
  out.bytes([op.i32Const, why])
  writeLocal(out, op.globalSet, additions.refusedGlobal)
}
