import { decodeModule } from '../../prepare/decode.ts'
import { walkBody } from '../../prepare/walk.ts'
import { ByteReader } from './byte-reader.ts'

/** What a module that was metered before it was published calls at every block, with its gas. */
export const meteringImport = 'metering.usegas'

const opcode = { nop: 0x01, call: 0x10, drop: 0x1a }

/**
 * The same module, of the same length, without the calls of its old meter: it runs on this node's gas, which
 * would otherwise count them as calls of the host. `bytes` are a valid module.
 */
export function dropMetering(bytes: Uint8Array, index: number): Uint8Array {
  const module = decodeModule(bytes)
  const out = bytes.slice()
  for (const body of module.bodies) {
    walkBody(module, body, (code, at, operandsAt, end) => {
      if (code !== opcode.call) return
      if (new ByteReader(bytes, operandsAt, end).unsigned() !== index) return
      out.fill(opcode.nop, at, end)
      out[at] = opcode.drop
    })
  }
  return out
}
